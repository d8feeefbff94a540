import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fileOf } from "./tables.js";

const UNIT = fileOf("deploy/systemd/muster.service");

/** Section → name → values, in order. Comments and empty lines are left out. */
function parse(text: string): Record<string, Record<string, string[]>> {
  const sections: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> = {};
  for (const line of text.split("\n").filter((row) => row !== "" && !row.startsWith("#"))) {
    const name = /^\[(\w+)\]$/.exec(line)?.[1];
    if (name !== undefined) section = sections[name] = {};
    else {
      const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
      expect(key, `a setting in the line ${line}`).not.toBe("");
      (section[key] ??= []).push(value);
    }
  }
  return sections;
}

test("the systemd unit is notified, watched and hardened", () => {
  const { Service } = parse(UNIT);
  expect(Service).toMatchObject({
    Type: ["notify"],
    WatchdogSec: ["30"],
    User: ["wazuh"],
    NoNewPrivileges: ["yes"],
    ProtectSystem: ["strict"],
    ReadWritePaths: ["/var/ossec"],
    CapabilityBoundingSet: [""],
    LimitCORE: ["0"],
  });
});

const hasAnalyzer = await promisify(execFile)("systemd-analyze", ["--version"]).then(
  () => true,
  () => false,
);
test.skipIf(!hasAnalyzer)("systemd itself finds no fault with the unit", async () => {
  const folder = await mkdtemp(join(tmpdir(), "muster-unit-"));
  try {
    const path = join(folder, "muster.service");
    // What is not installed where the tests run: the program, its user, its manual page.
    await writeFile(path, UNIT.replace(/^ExecStart=.*$/m, "ExecStart=/bin/true run").replace(/^(?:User|Group|Documentation)=.*\n/gm, ""));
    const { stdout, stderr } = await promisify(execFile)("systemd-analyze", ["verify", path], { timeout: 60_000 });
    expect((stdout + stderr).split("\n").filter((line) => line.includes("muster"))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 90_000);
