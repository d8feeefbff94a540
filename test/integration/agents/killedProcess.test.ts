import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";
import { storeOf, temporaryRoot } from "./temporaryRoot.js";

/** The compiled store: the process is one of its own, without a test runner in it. */
const BUILD = pathToFileURL(join(import.meta.dirname, "../../../dist/src/node/ports/")).href;

/** Imports 1,500 agents over and over, each time under another name, and tells each finished round. */
const PROGRAM = `
const { createAgentStore } = await import("${BUILD}agentStore.js");
const { systemClock } = await import("${BUILD}systemClock.js");
const { systemRandom } = await import("${BUILD}systemRandom.js");
const store = await createAgentStore({ root: process.argv[1], clock: systemClock, random: systemRandom });
for (let round = 1; ; round += 1) {
  await store.importAgents(Array.from({ length: 1500 }, (_, index) => ({ id: index + 1, name: "round" + round })));
  process.stdout.write(round + "\\n");
}`;

test.each([1, 2, 3])(
  "a process killed with SIGKILL while it writes (attempt %i): whole rounds, none lost",
  async (rounds) => {
    const root = temporaryRoot();
    const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, root], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let finished = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      finished = Number(line);
      // The next round is under way by now.
      if (finished === rounds) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    expect(child.signalCode).toBe("SIGKILL");
    const store = await storeOf(root);
    const { rows } = await store.query("select name, count(*) as agents from agent where id > 0 group by name");
    expect(rows).toEqual([{ name: expect.stringMatching(/^round\d+$/) as unknown, agents: 1500 }]);
    const round = /\d+/.exec(JSON.stringify(rows[0]?.name))?.[0];
    expect(Number(round)).toBeGreaterThanOrEqual(finished);
    expect((await store.query("select integrity_check from pragma_integrity_check")).rows).toEqual([
      { integrity_check: "ok" },
    ]);
  },
);
