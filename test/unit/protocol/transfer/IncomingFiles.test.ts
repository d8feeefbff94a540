import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { IncomingFiles } from "../../../../src/protocol/transfer/IncomingFiles.js";
import { ManualClock } from "../../../support/manualClock.js";
import { MemoryFiles, systemError } from "./memoryFiles.js";

const PATH = "queue/cluster/worker1/a.zip";
const WIRE = `/${PATH}`;
const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest();

let disk: MemoryFiles;
let files: IncomingFiles;
beforeEach(() => {
  disk = new MemoryFiles();
  files = incoming();
});

function incoming(limits = { openFiles: 4, transferBytes: 1000 }): IncomingFiles {
  return new IncomingFiles({ sinks: disk, allow: (path) => path.startsWith("queue/cluster/worker1/"), limits });
}

async function receive(path: string, content: string): Promise<void> {
  await files.open(path);
  await files.update(path, Buffer.from(content));
  await files.end(path, sha256(content));
}

describe("a file that arrives", () => {
  it("is written in the order of its updates, though nobody waits for them", async () => {
    disk.appendDelay = () => new Promise((resolve) => setImmediate(resolve));
    const steps = [files.open(WIRE), files.update(WIRE, Buffer.from("one ")), files.update(WIRE, Buffer.from("two"))];
    const end = files.end(WIRE, sha256("one two"));
    await Promise.all(steps);
    expect(await end).toBe("received");
    expect(disk.contents.get(PATH)?.toString()).toBe("one two");
    expect([...disk.finished]).toEqual([PATH]);
  });

  it("may be empty", async () => {
    await files.open(WIRE);
    expect(await files.end(WIRE, sha256(""))).toBe("received");
    expect(files.completed(WIRE)).toBe(true);
  });

  it("is written in slices when it comes in one piece", async () => {
    const large = Buffer.alloc(2.5 * 1024 * 1024, 7);
    files = incoming({ openFiles: 4, transferBytes: 10 * 1024 * 1024 });
    await files.open(WIRE);
    await files.update(WIRE, large);
    expect(await files.end(WIRE, sha256(large))).toBe("received");
    expect(disk.calls.filter((call) => call.startsWith("append"))).toHaveLength(3);
  });

  it("can be taken once, by its name with or without a slash", async () => {
    await receive(WIRE, "text");
    expect(files.take(PATH)).toBe(PATH);
    expect(files.take(PATH)).toBeUndefined();
    expect(disk.contents.has(PATH)).toBe(true);
  });

  it("can't be taken before it is complete", async () => {
    await files.open(WIRE);
    await files.update(WIRE, Buffer.from("half"));
    expect(files.take(WIRE)).toBeUndefined();
    expect(files.completed(WIRE)).toBe(false);
  });

  it("is not to be taken by a peer that did not send it", () => {
    disk.contents.set("queue/cluster/worker1/other.zip", Buffer.from("another's"));
    expect(files.take("queue/cluster/worker1/other.zip")).toBeUndefined();
  });

  it("replaces an unfinished one of its path", async () => {
    await files.open(WIRE);
    await files.update(WIRE, Buffer.from("first"));
    await receive(WIRE, "second");
    expect(disk.contents.get(PATH)?.toString()).toBe("second");
    expect(files.openFiles).toBe(0);
  });

  it("replaces a completed one of its path, which then is not complete", async () => {
    await receive(WIRE, "first");
    await files.open(WIRE);
    expect(files.completed(WIRE)).toBe(false);
  });

  it("is equal to what was sent, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 12 }), async (pieces) => {
        disk = new MemoryFiles();
        files = incoming();
        const whole = Buffer.concat(pieces);
        const steps = [files.open(WIRE), ...pieces.map((piece) => files.update(WIRE, piece))];
        const end = files.end(WIRE, sha256(whole));
        await Promise.all(steps);
        expect(await end).toBe("received");
        expect(disk.contents.get(PATH)).toEqual(whole);
      }),
    );
  });
});

describe("a path that a peer may not write", () => {
  it.each([
    "/etc/ossec.conf",
    "/queue/cluster/worker2/a.zip",
    "/queue/cluster/worker1/../worker2/a.zip",
    "/queue/cluster/worker1/./a.zip",
    "/queue/cluster/worker1//a.zip",
    "/queue/cluster/worker1/",
    "/queue/cluster/worker1/a\\..\\b",
    "/queue/cluster/worker1/a\u0000.zip",
    "/queue/cluster/worker1/a\n.zip",
    "..",
    "/",
    "",
  ])("%j is refused", async (path) => {
    expect(await files.open(path)).toBe("refused");
    expect(disk.calls).toEqual([]);
    await expect(files.update(path, Buffer.from("x"))).rejects.toMatchObject({ code: 1000 });
  });

  it("any path with a part of dots is refused, whatever the policy says", async () => {
    files = new IncomingFiles({ sinks: disk, allow: () => true, limits: { openFiles: 4, transferBytes: 10 } });
    const part = fc.constantFrom("..", ".", "a", "", "b.zip", "..a");
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
        const path = parts.join("/").replace(/^\/+/, "");
        const isPlain = path.split("/").every((name) => !["", ".", ".."].includes(name));
        expect(await files.open(path)).toBe(isPlain ? "opened" : "refused");
        await files.discardAll();
        disk = new MemoryFiles();
        files = new IncomingFiles({ sinks: disk, allow: () => true, limits: { openFiles: 4, transferBytes: 10 } });
      }),
    );
  });
});

describe("a file that fails", () => {
  it("differs from its checksum: it is discarded, and remembered as failed", async () => {
    await files.open(WIRE);
    await files.update(WIRE, Buffer.from("text"));
    expect(await files.end(WIRE, sha256("another"))).toBe("differs");
    expect(disk.contents.has(PATH)).toBe(false);
    expect(files.take(WIRE)).toBeUndefined();
    expect(files.failure(PATH)).toMatchObject({ code: 1000, extraMessage: expect.stringContaining("SHA-256") });
  });

  it.each([0, 31, 33])("has a checksum of %d bytes: it is discarded", async (length) => {
    await files.open(WIRE);
    expect(await files.end(WIRE, Buffer.alloc(length))).toBe("differs");
  });

  it.each([
    ["ENOSPC", /disk is full.*free some space/],
    ["EROFS", /read-only/],
    ["EACCES", /owner and mode/],
    ["EXOTIC", /EXOTIC: said the system/],
  ])("can't be written for %s: the error says so and the partial file goes", async (code, text) => {
    await files.open(WIRE);
    disk.failures.set("append", systemError(code));
    const failure = files.update(WIRE, Buffer.from("x"));
    await expect(failure).rejects.toMatchObject({ code: 1000, extraMessage: expect.stringMatching(text) });
    await expect(failure).rejects.toMatchObject({ extraMessage: expect.stringContaining(PATH), cause: { code } });
    expect(disk.contents.has(PATH)).toBe(false);
    expect(files.openFiles).toBe(0);
  });

  it("answers its later steps with the first error", async () => {
    await files.open(WIRE);
    disk.failures.set("append", systemError("ENOSPC"));
    await files.update(WIRE, Buffer.from("x")).catch(() => undefined);
    await expect(files.update(WIRE, Buffer.from("y"))).rejects.toMatchObject({
      extraMessage: expect.stringContaining("full"),
    });
    await expect(files.end(WIRE, sha256(""))).rejects.toMatchObject({ extraMessage: expect.stringContaining("full") });
  });

  it("can be sent again", async () => {
    await files.open(WIRE);
    disk.failures.set("append", systemError("ENOSPC"));
    await files.update(WIRE, Buffer.from("x")).catch(() => undefined);
    disk.failures.clear();
    await receive(WIRE, "again");
    expect(files.completed(WIRE)).toBe(true);
  });

  it("is forgotten in time when it can't be opened and nobody asks", async () => {
    disk.failures.set("open", systemError("ENOSPC"));
    const paths = Array.from({ length: 20 }, (_, index) => `/queue/cluster/worker1/${index}.zip`);
    for (const path of paths) await files.open(path).catch(() => undefined);
    expect(paths.filter((path) => files.failure(path) !== undefined)).toEqual(paths.slice(-8));
  });

  it("can't be opened: the error says why, and no file counts as open", async () => {
    disk.failures.set("open", systemError("ENOENT"));
    await expect(files.open(WIRE)).rejects.toMatchObject({
      extraMessage: expect.stringContaining("folder does not exist"),
    });
    expect(files.openFiles).toBe(0);
  });

  it("can't be finished: it is not complete", async () => {
    await files.open(WIRE);
    disk.failures.set("finish", systemError("EDQUOT"));
    await expect(files.end(WIRE, sha256(""))).rejects.toMatchObject({ code: 1000 });
    expect(files.completed(WIRE)).toBe(false);
  });

  it("grows beyond transferBytes: it is discarded", async () => {
    await files.open(WIRE);
    await files.update(WIRE, Buffer.alloc(1000));
    await expect(files.update(WIRE, Buffer.alloc(1))).rejects.toMatchObject({
      extraMessage: expect.stringContaining("transferBytes"),
    });
    expect(disk.contents.has(PATH)).toBe(false);
  });

  it("was never opened: error 1000 with the name alone, as the reference has it", async () => {
    await expect(files.update("/q", Buffer.from("x"))).rejects.toMatchObject({ code: 1000, extraMessage: "b'/q'" });
    await expect(files.end("/q", sha256(""))).rejects.toMatchObject({ code: 1000, extraMessage: "b'/q'" });
  });
});

describe("a peer's files together", () => {
  const path = (index: number) => `/queue/cluster/worker1/${index}.zip`;

  it("are at most openFiles at a time", async () => {
    for (let index = 0; index < 4; index += 1) await files.open(path(index));
    await expect(files.open(path(4))).rejects.toMatchObject({
      code: 1000,
      extraMessage: expect.stringContaining("openFiles"),
    });
    await files.end(path(0), sha256(""));
    expect(await files.open(path(4))).toBe("opened");
  });

  it("are at most openFiles when they are asked for all at once", async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => files.open(path(index))));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
  });

  it("that nobody takes are discarded, the oldest first", async () => {
    for (let index = 0; index < 20; index += 1) await receive(path(index), "text");
    expect(files.completed(path(0))).toBe(false);
    expect(files.completed(path(19))).toBe(true);
    expect(disk.contents.size).toBeLessThanOrEqual(8);
  });

  it("go with the connection: open and completed ones, not those that were taken", async () => {
    await receive(path(1), "completed");
    await receive(path(2), "taken");
    files.take(path(2));
    await files.open(path(3));
    expect(await files.discardAll()).toEqual([]);
    expect([...disk.contents.keys()]).toEqual(["queue/cluster/worker1/2.zip"]);
    expect(files.openFiles).toBe(0);
  });

  it("go with the connection, even those whose steps are under way", async () => {
    disk.appendDelay = () => new Promise((resolve) => setImmediate(resolve));
    const steps = [
      files.open(path(1)),
      files.update(path(1), Buffer.from("x")),
      files.update(path(1), Buffer.from("y")),
    ];
    const discarded = files.discardAll();
    await Promise.allSettled(steps);
    await discarded;
    expect(disk.contents.size).toBe(0);
  });

  it("can't be opened once the connection is gone", async () => {
    await files.discardAll();
    await expect(files.open(WIRE)).rejects.toMatchObject({ code: 1000 });
    expect(disk.calls).toEqual([]);
  });

  it("that can't be removed are reported", async () => {
    await files.open(WIRE);
    disk.failures.set("discard", systemError("EPERM"));
    expect(await files.discardAll()).toMatchObject([
      { code: 1000, extraMessage: expect.stringContaining("was not removed") },
    ]);
  });

  it("do not mix up when a taken one's path is opened again at the same time", async () => {
    await receive(WIRE, "first");
    const reopened = files.open(WIRE).catch(() => undefined);
    expect(files.take(WIRE)).toBe(PATH);
    disk.contents.delete(PATH);
    await reopened;
    await files.discardAll();
    expect(disk.contents.size).toBe(0);
  });
});

describe("a file that its sender gave up", () => {
  const clock = new ManualClock();
  beforeEach(() => {
    const limits = { openFiles: 1, transferBytes: 1000 };
    files = new IncomingFiles({ sinks: disk, allow: () => true, limits, idle: { clock, timeout: 15_000 } });
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  // Simulation, seed 19: the master's file_upd timed out on a slow link, and its file stayed as long as the connection.
  it("is discarded when nothing more comes, and keeps no other one out", async () => {
    await files.open(WIRE);
    clock.advance(14_000);
    await files.update(WIRE, Buffer.from("a piece"));
    clock.advance(14_000);
    await settle();
    expect(disk.contents.has(PATH)).toBe(true);
    clock.advance(1_000);
    await settle();
    expect(disk.contents.has(PATH)).toBe(false);
    await expect(files.update(WIRE, Buffer.from("late"))).rejects.toThrow("given up");
    expect(await files.open("/queue/cluster/worker1/b.zip")).toBe("opened");
  });

  it("is discarded when it was completed and never used", async () => {
    await receive(WIRE, "whole");
    clock.advance(15_000);
    await settle();
    expect(disk.contents.has(PATH)).toBe(false);
    expect(files.take(WIRE)).toBeUndefined();
  });

  it("leaves no timer behind: neither when it is taken nor when all are discarded", async () => {
    await receive(WIRE, "whole");
    files.take(WIRE);
    await files.open("/queue/cluster/worker1/b.zip");
    await files.discardAll();
    expect(clock.pending).toBe(0);
  });
});
