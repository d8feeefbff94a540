import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WdbServerSession } from "../../../src/agents/wazuhDb/WdbServerSession.js";
import { settled, wdbFrame } from "./fakeWdb.js";

interface Client {
  readonly session: WdbServerSession;
  readonly written: Buffer[];
  readonly events: string[];
  /** What `write` tells from now on. */
  hasRoom: boolean;
  answers(): string[];
}

function client(run: (command: string, signal: AbortSignal) => Promise<string>): Client {
  const written: Buffer[] = [];
  const events: string[] = [];
  const state = { hasRoom: true };
  const link = {
    write: (bytes: Uint8Array): boolean => {
      written.push(Buffer.from(bytes));
      return state.hasRoom;
    },
    pause: () => void events.push("pause"),
    resume: () => void events.push("resume"),
    destroy: () => void events.push("destroy"),
  };
  return {
    session: new WdbServerSession(link, run),
    written,
    events,
    get hasRoom() {
      return state.hasRoom;
    },
    set hasRoom(value) {
      state.hasRoom = value;
    },
    answers: () => written.map((bytes) => bytes.subarray(4).toString()),
  };
}

describe("a client of the served store", () => {
  test("gets an answer for each request, in order, however its bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 20 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 9 }),
        async (commands, size) => {
          const { session, written } = client((command) => Promise.resolve(`ok ${command}`));
          const bytes = Buffer.concat(commands.map(wdbFrame));
          for (let from = 0; from < bytes.length; from += size) session.received(bytes.subarray(from, from + size));
          await settled();
          expect(Buffer.concat(written)).toEqual(Buffer.concat(commands.map((command) => wdbFrame(`ok ${command}`))));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("has one request at work at a time", async () => {
    let atWork = 0;
    let most = 0;
    const { session, answers } = client(async () => {
      atWork += 1;
      most = Math.max(most, atWork);
      await settled();
      atWork -= 1;
      return "ok";
    });
    for (let index = 0; index < 5; index += 1) session.received(wdbFrame("x"));
    for (let index = 0; index < 12; index += 1) await settled();
    expect([answers().length, most]).toEqual([5, 1]);
  });

  test("is at work until its answer is written", async () => {
    const { session } = client(async () => {
      await settled();
      return "ok";
    });
    session.received(wdbFrame("x"));
    expect(session.isRunning).toBe(true);
    await settled();
    await settled();
    expect(session.isRunning).toBe(false);
  });

  test("gets an error when the database fails", async () => {
    const { session, answers } = client(() => Promise.reject(new Error("secret path")));
    session.received(wdbFrame("global sql select 1"));
    await settled();
    expect(answers()).toEqual(["err Couldn't open DB global"]);
  });

  test("is cut off when it announces too long a text", () => {
    const { session, events } = client(() => Promise.resolve("ok"));
    session.received(Buffer.from([1, 0, 1, 0]));
    expect(events).toEqual(["destroy"]);
  });

  test("that does not read gets no further answers, until it does", async () => {
    const reader = client(() => Promise.resolve("ok"));
    reader.hasRoom = false;
    for (let index = 0; index < 3; index += 1) reader.session.received(wdbFrame("x"));
    await settled();
    expect(reader.written.length).toBe(1);
    reader.hasRoom = true;
    reader.session.drained();
    await settled();
    expect(reader.written.length).toBe(3);
  });

  test("that asks faster than it is answered is paused", async () => {
    const { session, events, answers } = client(() => Promise.resolve("ok"));
    session.received(Buffer.concat(Array.from({ length: 40 }, () => wdbFrame("x"))));
    await settled();
    expect(events).toEqual(["pause", "resume"]);
    expect(answers().length).toBe(40);
  });

  test("that leaves fires the signal of its request, and its other requests are dropped", async () => {
    const signals: AbortSignal[] = [];
    const { session, written } = client(async (_command, signal) => {
      signals.push(signal);
      await settled();
      return "ok";
    });
    session.received(Buffer.concat([wdbFrame("a"), wdbFrame("b")]));
    session.closed();
    await settled();
    await settled();
    expect([signals.length, signals[0]?.aborted, written.length]).toEqual([1, true, 0]);
  });
});
