import { beforeEach, describe, expect, test } from "vitest";
import { defaultClusterItems } from "../../../src/config/defaultClusterItems.js";
import { TreeWatch } from "../../../src/node/master/TreeWatch.js";
import type { FolderListener, FolderWatcher } from "../../../src/node/ports/FolderWatcher.js";
import { ManualClock } from "../../support/manualClock.js";

const ITEMS = defaultClusterItems();
/** The folders of the default items that are in no other one. */
const FOLDERS = ["/root/etc", "/root/var/multigroups", "/root/queue/agent-groups"];

let clock: ManualClock;
let listeners: Map<string, FolderListener>;
/** Folders that can't be watched, with the system's code. */
let broken: Map<string, string>;
let ended: string[];
let changes: number;
let troubles: string[];
let watch: TreeWatch;

const watchFolder: FolderWatcher = async (folder, listener) => {
  const code = broken.get(folder);
  if (code !== undefined) throw Object.assign(new Error(`${code}: ${folder}`), { code });
  listeners.set(folder, listener);
  return () => {
    ended.push(folder);
    return Promise.resolve();
  };
};

beforeEach(() => {
  clock = new ManualClock();
  listeners = new Map();
  broken = new Map();
  ended = [];
  changes = 0;
  troubles = [];
  watch = new TreeWatch({
    root: "/root",
    clock,
    watchFolder,
    onChange: () => {
      changes += 1;
    },
    onTrouble: (message) => {
      troubles.push(message);
    },
  });
});

describe("the watch over the master's files", () => {
  test("covers the outermost folders of the items", async () => {
    expect(await watch.cover(ITEMS)).toBe(true);
    expect([...listeners.keys()].sort()).toEqual([...FOLDERS].sort());
  });

  test("tells of changes", async () => {
    await watch.cover(ITEMS);
    listeners.get("/root/etc")?.onChange();
    expect(changes).toBe(1);
  });

  test("a folder that is not there leaves a gap without a word, until it is there", async () => {
    broken.set("/root/var/multigroups", "ENOENT");
    expect(await watch.cover(ITEMS)).toBe(false);
    expect(troubles).toEqual([]);
    broken.clear();
    expect(await watch.cover(ITEMS)).toBe(true);
  });

  test("a folder that can't be watched is told of once", async () => {
    broken.set("/root/etc", "ENOSPC");
    expect(await watch.cover(ITEMS)).toBe(false);
    expect(await watch.cover(ITEMS)).toBe(false);
    expect(troubles).toEqual([expect.stringMatching(/^Changes below etc can't be told at once.*ENOSPC/)]);
  });

  test("a watch that is lost is told of, and begun anew with the next pass", async () => {
    await watch.cover(ITEMS);
    listeners.get("/root/etc")?.onLost(new Error("the queue ran over"));
    expect(troubles).toEqual(["Changes below etc are told no more: the queue ran over"]);
    listeners.clear();
    expect(await watch.cover(ITEMS)).toBe(true);
    expect([...listeners.keys()]).toEqual(["/root/etc"]);
  });

  test("a change that no news explains ends the trust", async () => {
    await watch.cover(ITEMS);
    watch.passed(true, false);
    clock.advance(4_999);
    expect(await watch.cover(ITEMS)).toBe(true);
    clock.advance(1);
    expect(await watch.cover(ITEMS)).toBe(false);
    expect(troubles).toHaveLength(1);
  });

  test.each([
    ["before the pass", 0],
    ["after it", 4_000],
  ])("news %s explains a change", async (_, after) => {
    await watch.cover(ITEMS);
    if (after === 0) listeners.get("/root/etc")?.onChange();
    watch.passed(true, false);
    clock.advance(after);
    if (after > 0) listeners.get("/root/etc")?.onChange();
    clock.advance(60_000);
    expect(await watch.cover(ITEMS)).toBe(true);
  });

  test("the first pass finds everything, and nothing is wrong with that", async () => {
    await watch.cover(ITEMS);
    watch.passed(true, true);
    clock.advance(60_000);
    expect(await watch.cover(ITEMS)).toBe(true);
  });

  test("ends its watches, and is silent then", async () => {
    await watch.cover(ITEMS);
    watch.passed(true, false);
    await watch.stop();
    expect([...ended].sort()).toEqual([...FOLDERS].sort());
    listeners.get("/root/etc")?.onChange();
    clock.advance(60_000);
    expect([changes, troubles]).toEqual([0, []]);
  });
});
