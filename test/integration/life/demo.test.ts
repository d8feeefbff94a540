import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { waitUntil } from "../../support/waitUntil.js";

const PROGRAM = fileURLToPath(new URL("../../../dist/src/cli/main.js", import.meta.url));
const TIMEOUT = 50_000;

test.each(["SIGINT", "SIGHUP"] as const)("the demo comes into step, and %s to all of its terminal's processes ends it cleanly", async (signal) => {
  const parent = await mkdtemp(join(tmpdir(), "muster-demo-"));
  // As a shell starts it: a group of its own, which the terminal's signals reach as a whole.
  const demo = spawn(process.execPath, [PROGRAM, "demo", "--folder", join(parent, "cluster")], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let printed = "";
  for (const stream of [demo.stdout, demo.stderr]) stream.on("data", (text: Buffer) => (printed += text.toString()));
  const ended = once(demo, "close");
  try {
    await waitUntil(() => printed.includes("All three trees are equal"), TIMEOUT, "equal trees");
    process.kill(-(demo.pid ?? Number.NaN), signal);
    expect(await ended).toEqual([0, null]);
    expect(printed).not.toContain("did not stop cleanly");
  } finally {
    demo.kill("SIGTERM");
    await ended;
    await rm(parent, { recursive: true, force: true });
  }
}, 120_000);
