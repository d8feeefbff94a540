import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../../../src/cli/runCli.js";
import { testEnvironment } from "../cli/testEnvironment.js";

const HEADER = {
  trace: "muster", format: 1, version: "0.1.0", node: "m1", nodeType: "master", clusterVersion: "4.3.0", startedAt: "2026-01-01T00:00:00.000Z",
};
let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "muster-trace-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A line of integritySync's actor `x:1` for w1, a second after the one before. */
const line = (elapsed: number, event: string, from: string | undefined, state: string, more: object = {}) => ({
  time: new Date(Date.UTC(2026, 0, 1) + elapsed).toISOString(),
  elapsed, node: "m1", machine: "integritySync", actor: "x:1", peer: "w1", event, ...(from === undefined ? {} : { from }), state, ...more,
});
const BEGIN = line(0, "xstate.init", undefined, "free");
const ASKED = line(1000, "TASK_REQUESTED", "free", "receivingFile", { task: "t-1" });
const SENT = line(1250, "FILE_ANNOUNCED", "receivingFile", "unpacking", { task: "t-1", bytes: 4711 });
const READ = line(1300, "xstate.done.actor.0.integritySync.unpacking", "unpacking", "comparing", { task: "t-1", files: 12 });
const FAILED = line(1400, "xstate.error.actor.0.integritySync.comparing", "comparing", "reportingError", {
  task: "t-1", error: { code: 1000, step: "comparing", message: "no index\u001b[2J yet" },
});
const REPORTED = line(1500, "xstate.after.workDeadline.integritySync.reportingError", "reportingError", "free");
const WHOLE = [BEGIN, ASKED, SENT, READ, FAILED, REPORTED];
const end = (lines: number) => ({ ended: "stopped", elapsed: 2000, lines });

async function trace(records: readonly (object | string)[], ...args: readonly string[]) {
  const file = join(folder, `${String((files += 1))}.jsonl`);
  await writeFile(file, records.map((record) => `${typeof record === "string" ? record : JSON.stringify(record)}\n`).join(""));
  const environment = testEnvironment();
  const status = await runCli(["trace", file, ...args], environment);
  return { status, out: environment.out(), err: environment.err() };
}

describe("muster trace", () => {
  test("tells who did what, when, why, for how long, and what went wrong", async () => {
    const { status, out, err } = await trace([HEADER, ...WHOLE, end(6)]);
    expect(err).toBe("");
    expect(status).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "Trace of the master m1 from 2026-01-01T00:00:00.000Z, muster 0.1.0, cluster version 4.3.0.
           +0.000s  integritySync of w1 (x:1)  begins in free
           +1.000s  integritySync of w1 (x:1)  free → receivingFile: TASK_REQUESTED [after 1.000s, task t-1]
           +1.250s  integritySync of w1 (x:1)  receivingFile → unpacking: FILE_ANNOUNCED [after 0.250s, task t-1, 4711 bytes]
           +1.300s  integritySync of w1 (x:1)  unpacking → comparing: readPeerIndex is done [after 0.050s, task t-1, 12 files]
           +1.400s  integritySync of w1 (x:1)  comparing → reportingError: compareIndexes failed [after 0.100s, task t-1] FAILED in comparing: Error 1000, no index\\u001b[2J yet
           +1.500s  integritySync of w1 (x:1)  reportingError → free: after workDeadline [after 0.100s]

      PROCESS        PEER  ROUNDS  FAILED  TRANSFERS  BYTES
      integritySync  w1    1       1       1          4711 

      MACHINE        PEER  STATE           TIMES  IN ALL  LONGEST
      integritySync  w1    free            1      1.000s  1.000s 
      integritySync  w1    receivingFile   1      0.250s  0.250s 
      integritySync  w1    comparing       1      0.100s  0.100s 
      integritySync  w1    reportingError  1      0.100s  0.100s 
      integritySync  w1    unpacking       1      0.050s  0.050s 

      6 changes of state, 0 impossible.
      "
    `);
  });

  test.each([
    ["a state that this event does not lead to", [BEGIN, line(1000, "TASK_REQUESTED", "free", "packing")], 3,
      "integritySync can't go from free to packing on TASK_REQUESTED: it could come to receivingFile"],
    ["an event that the state does not take", [BEGIN, line(1000, "xstate.done.actor.0.integritySync.packing", "free", "requestingTask")], 3,
      "integritySync can't go from free to requestingTask on packDifference is done: it takes no such event there"],
    ["a delay of another state", [BEGIN, ASKED, line(1300, "xstate.after.workDeadline.integritySync.unpacking", "receivingFile", "reportingError")], 4,
      "integritySync can't go from receivingFile to reportingError on after workDeadline: it takes no such event there"],
    ["a change that leaves another state than the last", [BEGIN, ASKED, READ], 4, "integritySync (x:1) was in receivingFile, and can't leave unpacking"],
    ["a beginning in another state", [{ ...BEGIN, state: "packing" }], 2, "integritySync begins in free, not in packing"],
    ["a second beginning", [BEGIN, BEGIN], 3, "integritySync (x:1) begins a second time"],
    ["an actor that never began", [ASKED], 2, "integritySync (x:1) leaves free, but never began"],
    ["a state that is none", [BEGIN, { ...ASKED, state: "resting" }], 3, "integritySync has no state resting"],
    ["a machine that is none", [{ ...BEGIN, machine: "teleporter" }], 2, "there is no machine teleporter"],
    ["a change after the end", [
      { ...BEGIN, machine: "master", state: "starting" },
      { ...ASKED, machine: "master", from: "starting", event: "NODE_FAILED", state: "failed" },
      { ...READ, machine: "master", from: "failed", event: "NODE_FAILED", state: "running" },
    ], 4, "master (x:1) had ended, and can't come to running"],
    ["a line that was lost", [BEGIN, ASKED, end(3)], 4, "the trace ends with 3 changes of state, and holds 2"],
    ["a torn line", [BEGIN, '{"time":"2026'], 3, "the line can't be read: it is no JSON"],
  ])("names %s by its line, with status 1", async (_, records, number, text) => {
    const { status, out, err } = await trace([HEADER, ...records]);
    expect(status).toBe(1);
    expect(out).toContain(`Line ${number}: IMPOSSIBLE: ${text}.\n`);
    expect(err).toContain(`line ${number}: ${text}`);
  });

  test("an unguarded transition hides what stands further out: workerPeer in closing takes no second CLOSE_REQUESTED", async () => {
    const peer = (elapsed: number, event: string, from: string | undefined, state: string) => ({ ...line(elapsed, event, from, state), machine: "workerPeer" });
    const records = [
      peer(0, "xstate.init", undefined, "handshaking"),
      peer(1, "CLOSE_REQUESTED", "handshaking", "closing"),
      peer(2, "CLOSE_REQUESTED", "closing", "closed"),
    ];
    const { err } = await trace([HEADER, ...records]);
    expect(err).toContain("line 4: workerPeer can't go from closing to closed on CLOSE_REQUESTED: it could come to closing");
  });

  test("wildcards, states within states and steps without an event are possible", async () => {
    const of = (machine: string, actor: string) => (event: string, from: string | undefined, state: string) => ({ ...line(0, event, from, state), machine, actor });
    const queue = of("dapiQueue", "x:2");
    const check = of("integrityCheck", "x:3");
    const records = [
      queue("xstate.init", undefined, "idle"),
      queue("REQUEST_RECEIVED", "idle", "working"),
      queue("REQUEST_RECEIVED", "working", "saturated"),
      queue("xstate.done.actor.request-17", "saturated", "working"),
      queue("xstate.done.actor.request-17", "working", "idle"),
      check("xstate.init", undefined, "free"),
      check("CHECK_NOW", "free", "indexing"),
      check("xstate.done.actor.0.integrityCheck.indexing", "indexing", "awaitingPermission"),
      check("xstate.done.actor.0.integrityCheck.awaitingPermission", "awaitingPermission", "requestingTask"),
      check("xstate.done.actor.0.integrityCheck.requestingTask", "requestingTask", "packing"),
      check("xstate.done.actor.0.integrityCheck.packing", "packing", "sendingFile"),
      check("xstate.done.actor.0.integrityCheck.sendingFile", "sendingFile", "announcing"),
      check("xstate.done.actor.0.integrityCheck.announcing", "announcing", "awaitingVerdict.undecided"),
      check("VERDICT_FILES_COMING", "awaitingVerdict.undecided", "awaitingVerdict.filesComing"),
      check("FILES_APPLIED", "awaitingVerdict.filesComing", "free"),
    ];
    expect(await trace([HEADER, ...records])).toMatchObject({ status: 0, err: "" });
  });

  test("what was dropped is told, and not held against what follows", async () => {
    const { status, out } = await trace([HEADER, BEGIN, { dropped: 3, elapsed: 1390 }, FAILED, REPORTED, end(3)]);
    expect(out).toContain("+1.390s  3 changes of state are missing: the disk was too slow.");
    expect(status).toBe(0);
  });

  test("a trace without its end is told to have none", async () => {
    expect((await trace([HEADER, BEGIN])).out).toContain("1 changes of state, 0 impossible. It has no end: the node was killed, or still runs.");
  });

  test.each([
    [["--peer", "w2"], 0],
    [["--machine", "integritySync", "master"], 6],
    [["--from", "1.25", "--to", "1.4"], 3],
    [["--from", "2026-01-01T00:00:01.300Z"], 3],
  ])("%j selects what is told", async (args, count) => {
    const { out } = await trace([HEADER, ...WHOLE, end(6)], ...args);
    expect(out.split("\n").filter((text) => text.includes("integritySync of w1"))).toHaveLength(count);
  });

  test("a time that is none is a wrong use", async () => {
    expect(await trace([HEADER], "--from", "noon")).toMatchObject({ status: 2, err: expect.stringContaining("--from noon: give seconds") });
  });

  test.each([
    ["no header", [BEGIN], "its first line is no header"],
    ["another file's text", ["<ossec_config>"], "line 1: it is no JSON"],
    ["a later format", [{ ...HEADER, format: 2 }], "its format is 2"],
    ["nothing", [], "is empty"],
  ])("a file with %s is no trace", async (_, records, text) => {
    expect(await trace(records)).toMatchObject({ status: 1, err: expect.stringContaining(text) });
  });

  test("a file that is not there is told by name", async () => {
    const environment = testEnvironment();
    expect(await runCli(["trace", join(folder, "none.jsonl")], environment)).toBe(1);
    expect(environment.err()).toContain("none.jsonl can't be read: ENOENT");
  });
});
