import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createActor } from "xstate";
import { localClient } from "../../../machines/localClient.js";
import { parseTraceRecord } from "../../../src/node/trace/parseTraceRecord.js";
import { TraceFile } from "../../../src/node/trace/TraceFile.js";
import type { TraceLine } from "../../../src/node/trace/TraceLine.js";
import { TransitionTrace } from "../../../src/node/TransitionTrace.js";
import { ManualClock } from "../../support/manualClock.js";

const LINE: TraceLine = { time: "2026-01-01T00:00:00.000Z", elapsed: 5, node: "m1", machine: "keepalive", actor: "x:0", event: "xstate.init", state: "waiting" };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "muster-trace-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const records = async (path: string) => (await readFile(path, "utf8")).trim().split("\n").map(parseTraceRecord);

describe("a trace's file", () => {
  test("ends by itself at its largest size, and says so", async () => {
    const path = join(folder, "full.jsonl");
    let full = 0;
    const file = new TraceFile({ path, longest: 3 * JSON.stringify(LINE).length, onTrouble: (error) => expect.fail(error.message), onFull: () => (full += 1) });
    const taken = Array.from({ length: 10 }, () => file.add(LINE));
    await file.close(9);
    expect(taken).toEqual([true, true, ...Array<boolean>(8).fill(false)]);
    expect(full).toBe(1);
    expect((await records(path)).at(-1)).toEqual({ ended: "full", elapsed: 5, lines: 3 });
  });

  test("counts what the disk does not take in time, and keeps no more than its bound", async () => {
    const path = join(folder, "slow.jsonl");
    const file = new TraceFile({ path, waiting: 2 * JSON.stringify(LINE).length, onTrouble: (error) => expect.fail(error.message), onFull: () => undefined });
    // The file opens in a later turn, so nothing is written before this loop ends.
    for (let n = 0; n < 10; n += 1) file.add(LINE);
    await file.close(9);
    const written = await records(path);
    expect(written.slice(-2)).toEqual([{ dropped: 8, elapsed: 9 }, { ended: "stopped", elapsed: 9, lines: 2 }]);
    expect(written).toHaveLength(4);
  });

  test("a file that can't be written costs the trace and nothing else", async () => {
    const troubles: string[] = [];
    const file = new TraceFile({ path: join(folder, "no/such/folder"), onTrouble: ({ message }) => troubles.push(message), onFull: () => undefined });
    file.add(LINE);
    await file.close(1);
    expect(troubles).toEqual([expect.stringContaining("ENOENT")]);
    expect(file.add(LINE)).toBe(false);
  });
});

test("a trace holds each change of state from the actor's beginning to its end", async () => {
  const path = join(folder, "client.jsonl");
  const actor = createActor(localClient, { input: { clientId: "7", clock: new ManualClock() } });
  const trace = new TransitionTrace(actor, {
    file: path, node: "m1", nodeType: "master", clusterVersion: "4.3.0", version: "1.2.3", clock: new ManualClock(), peerName: () => undefined,
    onTrouble: (error) => expect.fail(error.message),
  });
  actor.start();
  actor.send({ type: "REQUEST_RECEIVED", command: "get_nodes" });
  actor.send({ type: "LINK_CLOSED", reason: "" });
  await trace.close();
  const [header, ...changes] = await records(path);
  expect(header).toMatchObject({ trace: "muster", format: 1, version: "1.2.3", node: "m1", nodeType: "master" });
  expect(changes).toMatchObject([
    { machine: "localClient", event: "xstate.init", state: "connected" },
    { machine: "localClient", event: "LINK_CLOSED", from: "connected", state: "closed" },
    { ended: "stopped", lines: 2 },
  ]);
});
