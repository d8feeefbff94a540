import { expect, test } from "vitest";
import { PendingMark } from "../../../src/node/PendingMark.js";
import type { NodeDisk } from "../../../src/node/ports/NodeDisk.js";

const PATH = "/root/queue/db/some.pending";

/** A disk with room for the mark alone; `trouble` is thrown by every call. */
function smallDisk() {
  const disk = { files: new Set<string>(), trouble: undefined as string | undefined };
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const look = (): void => void (disk.trouble !== undefined && fail(disk.trouble));
  const port: Partial<NodeDisk> = {
    size: async (path) => {
      look();
      return disk.files.has(path) ? 0 : fail("ENOENT");
    },
    create: async (path) => {
      look();
      if (disk.files.has(path)) fail("EEXIST");
      disk.files.add(path);
      return { write: async () => undefined, close: async () => undefined };
    },
    removeFile: async (path) => {
      look();
      disk.files.delete(path);
    },
  };
  return Object.assign(disk, { port: port as NodeDisk });
}

// Simulation, seed 30: a worker was killed while its agents' information was under way, and never told it again.
test("a process that finds its predecessor's mark learns of it until it sets its own", async () => {
  const { port } = smallDisk();
  await new PendingMark(port, PATH).set();
  const next = new PendingMark(port, PATH);
  expect(await next.isFromEarlierLife()).toBe(true);
  expect(await next.isFromEarlierLife()).toBe(true);
  await next.set();
  expect(await next.isFromEarlierLife()).toBe(false);
});

test("work that was done leaves no mark", async () => {
  const disk = smallDisk();
  const mark = new PendingMark(disk.port, PATH);
  expect(await mark.isFromEarlierLife()).toBe(false);
  await mark.set();
  expect([...disk.files]).toEqual([PATH]);
  await mark.remove();
  expect([...disk.files]).toEqual([]);
  expect(await new PendingMark(disk.port, PATH).isFromEarlierLife()).toBe(false);
});

test("a disk in trouble stops nothing, and counts as a mark", async () => {
  const disk = smallDisk();
  const mark = new PendingMark(disk.port, PATH);
  disk.trouble = "EIO";
  expect(await mark.isFromEarlierLife()).toBe(true);
  await mark.set();
  await mark.remove();
});
