import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Limits } from "../../../../src/config/Limits.js";
import { nodeDisk, type Disk } from "../../../../src/integrity/Disk.js";
import { encodeDifference, type Difference } from "../../../../src/integrity/Difference.js";
import type { FileEntry } from "../../../../src/integrity/FileIndex.js";
import { packDifference } from "../../../../src/integrity/archive/packDifference.js";
import type { PackDifferenceResult } from "../../../../workers/jobs.js";
import { diskWith } from "../apply/diskWith.js";
import { itemKeyOf } from "./masterArchive.js";
import { NodeTree } from "./nodeTree.js";
import { readZip, type PlainZipEntry } from "./zipParser.js";

let tree: NodeTree;
let destination: string;
const ARCHIVE = "queue/cluster/worker1/difference.zip";

beforeEach(() => {
  tree = new NodeTree("master");
  mkdirSync(tree.at("queue/cluster/worker1"));
  destination = tree.at(ARCHIVE);
});
afterEach(() => tree.remove());

function entry(path: string): FileEntry {
  return { path, itemKey: itemKeyOf(path), modTime: 1637600000, size: 1, hash: "ab".repeat(16) };
}

interface Paths {
  missing?: readonly string[];
  shared?: readonly string[];
  sharedMerged?: readonly string[];
  extra?: readonly string[];
  extraValid?: readonly string[];
}

function pack(paths: Paths, limits: Partial<Limits> = {}, disk: Disk = nodeDisk): Promise<PackDifferenceResult> {
  const { missing = [], shared = [], sharedMerged = [], extra = [], extraValid = [] } = paths;
  const difference: Difference = {
    missing: missing.map(entry),
    shared: shared.map(entry),
    sharedMerged: sharedMerged.map(entry),
    extra: extra.map(entry),
    extraValid: extraValid.map(entry),
  };
  const scope = tree.scope(limits);
  const job = { kind: "packDifference", scope, difference: encodeDifference(difference, 16), workerName: "worker1", destination } as const;
  return new Promise((resolve) => {
    resolve(packDifference(disk, job));
  });
}

function packed(): PlainZipEntry[] {
  return readZip(readFileSync(destination));
}

/** The groups of the packed metadata, as lists of paths. */
function groups(): Record<string, string[]> {
  const metadata = JSON.parse(packed().at(-1)?.content.toString() ?? "") as Record<string, object>;
  return Object.fromEntries(Object.entries(metadata).map(([group, files]) => [group, Object.keys(files)]));
}

describe("the archive", () => {
  it("holds missing and shared files, the metadata last", async () => {
    tree.write("etc/rules/a.xml", "a");
    tree.write("etc/shared/web/agent.conf", "b");
    const result = await pack({ missing: ["etc/rules/a.xml"], shared: ["etc/shared/web/agent.conf"], extra: ["etc/rules/old.xml"] });
    expect(packed().map(({ name, content }) => [name, name.endsWith(".json") ? "" : content.toString()])).toEqual([
      ["etc/rules/a.xml", "a"],
      ["etc/shared/web/agent.conf", "b"],
      ["files_metadata.json", ""],
    ]);
    expect(result).toMatchObject({ files: 2, counts: { missing: 1, shared: 1, extra: 1, extraValid: 0 }, problems: [] });
    expect(result.bytes).toBe(readFileSync(destination).length);
  });

  it("has always all four groups, in the reference's order and form", async () => {
    await pack({ extraValid: ["queue/agent-groups/900"] });
    const text = packed().at(-1)?.content.toString();
    expect(text).toBe(
      '{"missing": {}, "extra": {}, "shared": {}, "extra_valid": {"queue/agent-groups/900": {"mod_time": 1637600000.0, ' +
        `"cluster_item_key": "queue/agent-groups/", "merged": false, "md5": "${"ab".repeat(16)}"}}}`,
    );
  });

  it("stores its entries as a Unix system's plain files, with their modes", async () => {
    tree.write("etc/rules/a.xml", "a", { mode: 0o640 });
    await pack({ missing: ["etc/rules/a.xml"] });
    expect(packed().map(({ method, mode, madeOn, flags }) => ({ method, mode: mode.toString(8), madeOn, encrypted: flags & 1 }))).toEqual([
      { method: 0, mode: "100640", madeOn: 3, encrypted: 0 },
      { method: 0, mode: "100600", madeOn: 3, encrypted: 0 },
    ]);
  });

  it.each([
    ["1969", -1000],
    ["1970", 0],
    ["1979", 315_532_799],
    ["2200", 7_258_118_400],
  ])("carries a file dated %s unchanged, with a date that a zip file can say", async (_, modTime) => {
    tree.write("etc/rules/old.xml", "content", { modTime });
    const result = await pack({ shared: ["etc/rules/old.xml"] });
    const [file] = packed();
    expect(file?.content.toString()).toBe("content");
    expect(file?.year).toBeGreaterThanOrEqual(1980);
    expect(file?.year).toBeLessThanOrEqual(2107);
    expect(result).toMatchObject({ counts: { shared: 1, extra: 0 }, problems: [] });
  });

  it.each(["name with space", "ümlaut-日本", "line\nbreak", "a.merged.b", "-dash", "%41"])("carries the name %j", async (name) => {
    tree.write(`etc/lists/${name}`, name);
    await pack({ missing: [`etc/lists/${name}`] });
    expect(packed()[0]).toMatchObject({ name: `etc/lists/${name}`, content: Buffer.from(name) });
    expect(groups()).toMatchObject({ missing: [`etc/lists/${name}`] });
  });

  it("carries empty and large files", async () => {
    const large = Buffer.alloc(3 * 1024 * 1024 + 17, "abcdefg");
    tree.write("etc/rules/empty.xml", "");
    tree.write("etc/rules/large.xml", large);
    await pack({ missing: ["etc/rules/empty.xml", "etc/rules/large.xml"] });
    expect(packed().slice(0, 2).map(({ content }) => content.equals(large) || content.length)).toEqual([0, true]);
  });

  it("of several segments has one directory with right offsets", async () => {
    const paths = Array.from({ length: 2345 }, (_, number) => `etc/rules/${String(number).padStart(5, "0")}.xml`);
    for (const path of paths) tree.write(path, path);
    const result = await pack({ missing: paths });
    expect(result.files).toBe(paths.length);
    expect(packed().slice(0, -1).map(({ name, content }) => name === content.toString() && name)).toEqual(paths);
  });

  it("leaves nothing beside it", async () => {
    tree.write("queue/agent-groups/001", "default");
    await pack({ sharedMerged: ["queue/agent-groups/001"] });
    expect(tree.paths("queue/cluster/worker1")).toEqual([ARCHIVE]);
  });

  it("holds one descriptor at a time", async () => {
    const paths = Array.from({ length: 300 }, (_, number) => `etc/rules/${number}.xml`);
    for (const path of paths) tree.write(path, "x");
    let open = 0;
    let most = 0;
    const disk = diskWith({
      openSync: (...given) => {
        most = Math.max(most, ++open);
        return nodeDisk.openSync(...given);
      },
      closeSync: (descriptor) => {
        open--;
        nodeDisk.closeSync(descriptor);
      },
    });
    await pack({ missing: paths }, {}, disk);
    expect([open, most]).toEqual([0, 2]);
  });

  it("that cannot be written is error 3001, and nothing of it is left", async () => {
    tree.write("etc/rules/a.xml", "a".repeat(10_000));
    const disk = diskWith({
      writeSync: () => {
        throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      },
    });
    await expect(pack({ missing: ["etc/rules/a.xml"] }, {}, disk)).rejects.toMatchObject({ code: 3001, message: expect.stringContaining("ENOSPC") as string });
    expect(tree.paths("queue/cluster/worker1")).toEqual([]);
  });
});

describe("a file that vanished since the comparison", () => {
  beforeEach(() => tree.write("etc/rules/there.xml", "there"));

  it("leaves the missing ones", async () => {
    const result = await pack({ missing: ["etc/rules/gone.xml", "etc/rules/there.xml"] });
    expect(groups()).toEqual({ missing: ["etc/rules/there.xml"], extra: [], shared: [], extra_valid: [] });
    expect(result).toMatchObject({ counts: { missing: 1, extra: 0 }, problems: [] });
  });

  it("moves from shared to extra", async () => {
    const result = await pack({ shared: ["etc/rules/gone.xml", "etc/rules/there.xml"] });
    expect(groups()).toEqual({ missing: [], extra: ["etc/rules/gone.xml"], shared: ["etc/rules/there.xml"], extra_valid: [] });
    expect(result.counts).toEqual({ missing: 0, shared: 1, extra: 1, extraValid: 0 });
  });

  it("between the look at it and the packing follows the same rules", async () => {
    tree.write("etc/rules/a.xml", "a");
    tree.write("etc/rules/b.xml", "b");
    const disk = diskWith({
      openSync: (path, ...rest) => {
        if (path.endsWith("/a.xml") || path.endsWith("/b.xml")) rmSync(path, { force: true });
        return nodeDisk.openSync(path, ...rest);
      },
    });
    const result = await pack({ missing: ["etc/rules/a.xml", "etc/rules/there.xml"], shared: ["etc/rules/b.xml"] }, {}, disk);
    expect(groups()).toEqual({ missing: ["etc/rules/there.xml"], extra: ["etc/rules/b.xml"], shared: [], extra_valid: [] });
    expect(packed().map(({ name }) => name)).toEqual(["etc/rules/there.xml", "files_metadata.json"]);
    expect(result).toMatchObject({ files: 1, problems: [] });
  });

  it("with its whole item is never given up for deletion: its disk may only be unmounted", async () => {
    renameSync(tree.at("etc/rules"), tree.at("etc/elsewhere"));
    const result = await pack({ shared: ["etc/rules/there.xml"] });
    expect(groups()).toMatchObject({ extra: [], shared: [] });
    expect(result.problems).toMatchObject([{ path: "etc/rules/there.xml" }]);
  });
});

describe("a file that cannot be packed is reported and never given up for deletion", () => {
  async function expectDropped(code: string, disk: Disk = nodeDisk): Promise<void> {
    const result = await pack({ shared: ["etc/rules/x.xml"], missing: ["etc/rules/y.xml"] }, {}, disk);
    expect(groups()).toEqual({ missing: ["etc/rules/y.xml"], extra: [], shared: [], extra_valid: [] });
    expect(result.problems).toMatchObject([{ path: "etc/rules/x.xml", code }]);
  }
  beforeEach(() => tree.write("etc/rules/y.xml", "y"));

  it("because it is a folder now", async () => {
    mkdirSync(tree.at("etc/rules/x.xml"));
    await expectDropped("EINVAL");
  });

  it("because it is a link now", async () => {
    tree.write("secret", "secret");
    symlinkSync(tree.at("secret"), tree.at("etc/rules/x.xml"));
    await expectDropped("EINVAL");
  });

  it("because it became a link after the look at it", async () => {
    tree.write("secret", "secret");
    tree.write("etc/rules/x.xml", "x");
    const disk = diskWith({
      openSync: (path, ...rest) => {
        if (path.endsWith("/x.xml")) {
          rmSync(path, { force: true });
          symlinkSync(tree.at("secret"), path);
        }
        return nodeDisk.openSync(path, ...rest);
      },
    });
    await expectDropped("ELOOP", disk);
    expect(readFileSync(destination).includes("secret")).toBe(false);
  });

  it("because a folder on the way to it is a link", async () => {
    tree.write("elsewhere/x.xml", "secret");
    symlinkSync(tree.at("elsewhere"), tree.at("etc/rules/linked"));
    const result = await pack({ shared: ["etc/rules/linked/x.xml"] });
    expect(groups()).toMatchObject({ shared: [], extra: [] });
    expect(result.problems).toMatchObject([{ path: "etc/rules/linked/x.xml", message: expect.stringContaining("symbolic link") as string }]);
  });

  it("because it may not be read", async () => {
    tree.write("etc/rules/x.xml", "x");
    const disk = diskWith({
      openSync: (path, ...rest) => {
        if (path.endsWith("/x.xml")) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
        return nodeDisk.openSync(path, ...rest);
      },
    });
    await expectDropped("EACCES", disk);
  });

  it("because reading it fails half way", async () => {
    tree.write("etc/rules/x.xml", Buffer.alloc(1_600_000, "x"));
    let reads = 0;
    const disk = diskWith({
      readSync: (descriptor, buffer, ...rest) => {
        const read = nodeDisk.readSync(descriptor, buffer, ...rest);
        if (buffer[0] === 0x78 && ++reads === 2) throw Object.assign(new Error("input or output error"), { code: "EIO" });
        return read;
      },
    });
    await expectDropped("EIO", disk);
    expect(packed()[0]?.content.toString()).toBe("y");
  });

  it("because it changes while it is packed", async () => {
    tree.write("etc/rules/x.xml", Buffer.alloc(1_600_000, "x"), { modTime: 1_600_000_000 });
    const disk = diskWith({
      readSync: (descriptor, buffer, ...rest) => {
        const read = nodeDisk.readSync(descriptor, buffer, ...rest);
        if (buffer[0] === 0x78) utimesSync(tree.at("etc/rules/x.xml"), 1_700_000_000, 1_700_000_000);
        return read;
      },
    });
    await expectDropped("EAGAIN", disk);
  });

  it("because it is larger than an entry may be", async () => {
    tree.write("etc/rules/x.xml", "x".repeat(2000));
    const result = await pack({ shared: ["etc/rules/x.xml"] }, { archiveEntryBytes: 1000 });
    expect(groups()).toMatchObject({ shared: [], extra: [] });
    expect(result.problems).toMatchObject([{ path: "etc/rules/x.xml", code: "EFBIG" }]);
  });
});

describe("files that do not fit into one archive wait for the next round", () => {
  it("by their number", async () => {
    const paths = Array.from({ length: 9 }, (_, number) => `etc/rules/${number}.xml`);
    for (const path of paths) tree.write(path, "x");
    const result = await pack({ missing: paths }, { archiveEntries: 6 });
    expect(groups()["missing"]).toEqual(paths.slice(0, 5));
    expect(result.problems).toMatchObject([{ path: "etc/rules/5.xml", code: "E2BIG", message: expect.stringContaining("3 more") as string }]);
  });

  it("by their bytes, and the archive stays within the limit", async () => {
    const paths = Array.from({ length: 9 }, (_, number) => `etc/rules/${number}.xml`);
    for (const path of paths) tree.write(path, "x".repeat(10_000));
    const result = await pack({ missing: paths }, { transferBytes: 50_000 });
    expect(groups()["missing"]).toEqual(paths.slice(0, 4));
    expect(result.bytes).toBeLessThan(50_000);
  });
});

describe("differing group files", () => {
  const MERGED = "queue/cluster/worker1/agent-groups-shared.merged";

  it("travel merged, as the reference describes them", async () => {
    tree.write("queue/agent-groups/001", "default", { modTime: 1637600000 });
    tree.write("queue/agent-groups/002", "web,db", { modTime: 1637600000.25 });
    const result = await pack({ sharedMerged: ["queue/agent-groups/001", "queue/agent-groups/002"] });
    const [merged, metadata] = packed();
    expect(merged).toMatchObject({ name: MERGED });
    expect(merged?.content.toString()).toBe("7 001 2021-11-22 16:53:20\ndefault6 002 2021-11-22 16:53:20.250000\nweb,db");
    const described = `"shared": {"${MERGED}": {"cluster_item_key": "queue/agent-groups/", "merged": true, "merge-type": "agent-groups"}}`;
    expect(metadata?.content.toString()).toContain(described);
    expect(result).toMatchObject({ files: 1, counts: { shared: 1 } });
  });

  it("that only the master has travel as they are", async () => {
    tree.write("queue/agent-groups/003", "g");
    await pack({ missing: ["queue/agent-groups/003"] });
    expect(packed().map(({ name }) => name)).toEqual(["queue/agent-groups/003", "files_metadata.json"]);
  });

  it("of no agent's name travel as they are", async () => {
    tree.write("queue/agent-groups/backup", "g");
    await pack({ sharedMerged: ["queue/agent-groups/backup"] });
    expect(groups()).toMatchObject({ shared: ["queue/agent-groups/backup"] });
  });

  it("that vanished are left out, and not deleted from the worker", async () => {
    tree.write("queue/agent-groups/001", "default", { modTime: 1637600000 });
    const result = await pack({ sharedMerged: ["queue/agent-groups/001", "queue/agent-groups/002"] });
    expect(packed()[0]?.content.toString()).toBe("7 001 2021-11-22 16:53:20\ndefault");
    expect(groups()["extra"]).toEqual([]);
    expect(result.problems).toEqual([]);
  });

  it("that all vanished leave no merged file", async () => {
    const result = await pack({ sharedMerged: ["queue/agent-groups/002"] });
    expect(groups()).toEqual({ missing: [], extra: [], shared: [], extra_valid: [] });
    expect(result).toMatchObject({ files: 0, counts: { shared: 0 } });
  });

  it("that may not be read are reported", async () => {
    tree.write("queue/agent-groups/001", "default");
    mkdirSync(tree.at("queue/agent-groups/002"));
    chmodSync(tree.at("queue/agent-groups/002"), 0o700);
    const result = await pack({ sharedMerged: ["queue/agent-groups/001", "queue/agent-groups/002"] });
    expect(result.problems).toMatchObject([{ path: "queue/agent-groups/002", code: "EINVAL" }]);
  });
});
