import { describe, expect, test } from "vitest";
import { integrityIndexer } from "../../machines/integrityIndexer.js";
import { chartTests } from "../support/machineChart.js";
import { INTERVALS, withIntervals } from "../support/machineInputs.js";
import { MachineRun } from "../support/machineRun.js";

const CHANGED = { version: 4, files: 12, hashed: 2, problems: 0, changed: true };
const UNCHANGED = { ...CHANGED, hashed: 0, changed: false };

const start = () => MachineRun.start(integrityIndexer, { input: withIntervals });

describe("integrityIndexer", () => {
  test("indexes at once: a worker may come any moment", () => {
    expect(start().beginning).toMatchSnapshot();
  });

  test("publishes what it found, waits, and indexes again", async () => {
    const run = start();
    await run.advance(300);
    await run.resolve("indexFiles", CHANGED);
    await run.advance(INTERVALS.recalculateIntegrity - 1);
    await run.advance(1);
    await run.resolve("indexFiles", UNCHANGED);
    expect(run.script).toMatchSnapshot();
  });

  test("a pass that fails is logged and counted; the next one comes at its time", async () => {
    const run = start();
    await run.reject("indexFiles", new Error("EACCES: etc/shared"));
    await run.advance(INTERVALS.recalculateIntegrity);
    expect(run.script).toMatchSnapshot();
  });

  test("a pass that takes too long is cancelled, logged and counted", async () => {
    const run = start();
    await run.advance(INTERVALS.workDeadline);
    expect(run.script).toMatchSnapshot();
  });

  test("the last index stays when a pass fails", async () => {
    const run = start();
    await run.resolve("indexFiles", CHANGED);
    await run.advance(INTERVALS.recalculateIntegrity);
    await run.reject("indexFiles");
    expect(run.context).toMatchObject({ version: 4, files: 12, record: { rounds: 2, failures: 1 } });
  });

  test("a pass can be wanted before its time", async () => {
    const run = start();
    await run.resolve("indexFiles", CHANGED);
    await run.send({ type: "INDEX_NOW" });
    expect(run.state).toBe("indexing");
  });

  test("a pass follows a change soon, and looks at all that follow in a moment", async () => {
    const run = start();
    await run.resolve("indexFiles", CHANGED);
    await run.send({ type: "FILES_CHANGED" });
    await run.advance(25);
    await run.send({ type: "FILES_CHANGED" });
    await run.advance(24);
    expect(run.state).toBe("waiting");
    await run.advance(1);
    expect(run.state).toBe("indexing");
  });

  test("passes that changes ask for leave others their time: twice as long as the last one took", async () => {
    const run = start();
    await run.advance(400);
    await run.resolve("indexFiles", CHANGED);
    await run.send({ type: "FILES_CHANGED" });
    await run.advance(799);
    expect(run.state).toBe("waiting");
    await run.advance(1);
    expect(run.state).toBe("indexing");
  });

  test("a change during a pass is looked at by the next one, which comes at once", async () => {
    const run = start();
    await run.send({ type: "FILES_CHANGED" });
    await run.resolve("indexFiles", CHANGED);
    expect(run.state).toBe("waiting");
    await run.advance(50);
    await run.resolve("indexFiles", UNCHANGED);
    expect(run.state).toBe("waiting");
  });

  test("passes at their time are rare as long as every change is told, and usual again afterwards", async () => {
    const run = start();
    await run.resolve("indexFiles", { ...CHANGED, watched: true });
    await run.advance(8 * INTERVALS.recalculateIntegrity - 1);
    expect(run.state).toBe("waiting");
    await run.advance(1);
    await run.resolve("indexFiles", { ...UNCHANGED, watched: false });
    await run.advance(INTERVALS.recalculateIntegrity);
    expect(run.state).toBe("indexing");
  });

  test("a pass that runs is not begun again by a wish for one", async () => {
    const run = start();
    await run.send({ type: "INDEX_NOW" });
    expect(run.context).toMatchObject({ record: { rounds: 1 } });
    expect(run.asked).toHaveLength(1);
  });

  chartTests(integrityIndexer, {
    start,
    resting: ["waiting"],
    patience: INTERVALS.workDeadline,
    events: [{ type: "INDEX_NOW" }, { type: "FILES_CHANGED" }],
    outline: ({ changed }) => changed,
    outcomes: { indexFiles: [CHANGED, UNCHANGED] },
  });
});
