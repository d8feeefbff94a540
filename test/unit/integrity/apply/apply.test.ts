import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apply } from "../../../../src/integrity/apply.js";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { ITEMS, NodeTree } from "../archive/nodeTree.js";
import { diskWith } from "./diskWith.js";
import { ARCHIVE, receive, unpackOnto } from "./receive.js";

let tree: NodeTree;

beforeEach(() => {
  tree = new NodeTree("worker1");
});
afterEach(() => tree.remove());

describe("creating and overwriting", () => {
  it("counts both apart", async () => {
    tree.write("etc/rules/old.xml", "old");
    const result = await receive(tree, { missing: { "etc/rules/new.xml": "new" }, shared: { "etc/rules/old.xml": "changed" } });
    expect(tree.contents()).toEqual({ "etc/rules/new.xml": "new", "etc/rules/old.xml": "changed" });
    expect(result).toEqual({ created: 1, overwritten: 1, deleted: 0, problems: [], extraValid: [], rulesetChanged: true, removedAgents: [] });
  });

  it("gives each file its item's mode, whatever the umask and the old mode", async () => {
    tree.write("etc/rules/a.xml", "old", { mode: 0o777 });
    const umask = process.umask(0o077);
    try {
      await receive(tree, { missing: { "etc/client.keys": "" }, shared: { "etc/rules/a.xml": "new" } });
    } finally {
      process.umask(umask);
    }
    expect([tree.mode("etc/rules/a.xml"), tree.mode("etc/client.keys")]).toEqual([0o660, 0o640]);
  });

  it("makes folders of mode 0770, whatever the umask", async () => {
    const umask = process.umask(0o077);
    try {
      await receive(tree, { missing: { "etc/lists/a/b/c": "x" } });
    } finally {
      process.umask(umask);
    }
    expect(["etc/lists/a", "etc/lists/a/b"].map((path) => tree.mode(path))).toEqual([0o770, 0o770]);
  });

  it("replaces a file, and does not write into it: a second name of the old one keeps its content", async () => {
    tree.write("etc/rules/a.xml", "old");
    linkSync(tree.at("etc/rules/a.xml"), tree.at("second-name"));
    await receive(tree, { shared: { "etc/rules/a.xml": "new" } });
    expect([tree.read("etc/rules/a.xml"), tree.read("second-name")]).toEqual(["new", "old"]);
  });

  it.each(["name with space", "ümlaut-日本", "line\nbreak", "x.merged", "agent-groups-shared.merged"])("takes the name %j", async (name) => {
    await receive(tree, { missing: { [`etc/shared/g/${name}`]: name } });
    expect(tree.read(`etc/shared/g/${name}`)).toBe(name);
  });

  it("reads deflated archives", async () => {
    await receive(tree, { missing: { "etc/rules/a.xml": "abc".repeat(100_000) }, deflate: true });
    expect(tree.read("etc/rules/a.xml")).toBe("abc".repeat(100_000));
  });

  it.runIf(process.getuid?.() === 0)("as the superuser gives files and new folders to the owner of etc", async () => {
    chownSync(tree.at("etc"), 12345, 23456);
    await receive(tree, { missing: { "etc/lists/sub/a": "x" } });
    for (const path of ["etc/lists/sub", "etc/lists/sub/a"]) expect(lstatSync(tree.at(path))).toMatchObject({ uid: 12345, gid: 23456 });
    expect(lstatSync(tree.at("etc/lists"))).toMatchObject({ uid: 0 });
  });

  it("reports a listed file that the archive does not hold", async () => {
    const folder = await unpackOnto(tree, { missing: { "etc/rules/a.xml": "a", "etc/rules/b.xml": "b" } });
    rmSync(`${folder}/0`);
    const result = apply(nodeDisk, { kind: "apply", scope: tree.scope(), folder });
    expect(result).toMatchObject({ created: 1, problems: [{ path: "etc/rules/a.xml", code: "ENODATA" }] });
  });
});

describe("one bad file is a problem, and the rest goes on", () => {
  const others = { "etc/rules/a.xml": "a", "etc/rules/z.xml": "z" };

  it("that cannot be renamed", async () => {
    tree.write("etc/rules/m.xml", "old");
    const disk = diskWith({
      renameSync: (from, to) => {
        if (to.endsWith("m.xml")) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
        nodeDisk.renameSync(from, to);
      },
    });
    const result = await receive(tree, { missing: { ...others, "etc/rules/m.xml": "new" } }, disk);
    expect(result).toMatchObject({ created: 2, problems: [{ path: "etc/rules/m.xml", code: "EACCES" }] });
    expect(tree.read("etc/rules/m.xml")).toBe("old");
  });

  it("whose folder cannot be made", async () => {
    const disk = diskWith({
      mkdirSync: () => {
        throw Object.assign(new Error("read-only"), { code: "EROFS" });
      },
    });
    const result = await receive(tree, { missing: { ...others, "etc/rules/sub/m.xml": "new" } }, disk);
    expect(result).toMatchObject({ created: 2, problems: [{ path: "etc/rules/sub/m.xml", code: "EROFS" }] });
  });

  it("that cannot be deleted", async () => {
    tree.write("etc/rules/x.xml");
    tree.write("etc/rules/y.xml");
    const disk = diskWith({
      unlinkSync: (path) => {
        if (path.endsWith("x.xml")) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
        nodeDisk.unlinkSync(path);
      },
    });
    const result = await receive(tree, { extra: ["etc/rules/x.xml", "etc/rules/y.xml"] }, disk);
    expect(result).toMatchObject({ deleted: 1, problems: [{ path: "etc/rules/x.xml", code: "EACCES" }] });
  });
});

describe("what this node's own items do not cover", () => {
  it.each(["etc/ossec.conf", "etc/rules/ossec.conf", "etc/shared/g/ar.conf", "etc/rules/a.swp", "etc/local_internal_options.conf", "etc/sub/client.keys", "var/multigroups/x/other", "bin/evil", "queue/cluster/worker1/evil"])(
    "%s is not written",
    async (path) => {
      tree.write(path, "own");
      const result = await receive(tree, { missing: { "etc/rules/good.xml": "good" }, shared: { [path]: "evil" } });
      expect(tree.read(path)).toBe("own");
      expect(result).toMatchObject({ created: 1, overwritten: 0, problems: [{ path, code: "EPERM" }] });
    },
  );

  it.each(["etc/ossec.conf", "etc/shared/g/ar.conf", "etc/rules/a.swp", "var/multigroups/x/other", "bin/keep", "queue/cluster/worker1/keep"])(
    "%s is not deleted",
    async (path) => {
      tree.write(path, "own");
      const result = await receive(tree, { extra: [path] });
      expect(tree.read(path)).toBe("own");
      expect(result).toMatchObject({ deleted: 0, problems: [{ path, code: "EPERM" }] });
    },
  );

  it("is judged by its own cluster.json, not by the master's", async () => {
    const { "etc/rules/": rules, ...files } = ITEMS.files;
    const items = { ...ITEMS, files: { ...files, "etc/": { ...files["etc/"]!, files: ["client.keys"] }, "etc/rules/": { ...rules!, files: ["only.xml"] } } };
    const result = await receive(tree, { missing: { "etc/rules/only.xml": "x", "etc/rules/other.xml": "x" } }, nodeDisk, tree.scope({}, items));
    expect(tree.contents()).toEqual({ "etc/rules/only.xml": "x" });
    expect(result.problems).toMatchObject([{ path: "etc/rules/other.xml", code: "EPERM" }]);
  });

  it("another worker's merged file is no file of this one", async () => {
    const result = await receive(tree, { merged: "7 001 2021-11-22 16:53:20\ndefault", worker: "worker2" });
    expect(tree.paths("queue/agent-groups")).toEqual([]);
    expect(result.problems).toMatchObject([{ path: "queue/cluster/worker2/agent-groups-shared.merged", code: "EPERM" }]);
  });
});

describe("links", () => {
  it("a link in a file's place is replaced; what it leads to is not touched", async () => {
    tree.write("outside", "outside");
    symlinkSync(tree.at("outside"), tree.at("etc/rules/a.xml"));
    await receive(tree, { shared: { "etc/rules/a.xml": "new" } });
    expect(tree.read("outside")).toBe("outside");
    expect(lstatSync(tree.at("etc/rules/a.xml")).isSymbolicLink()).toBe(false);
  });

  it("a link in a file's place is deleted itself", async () => {
    tree.write("outside", "outside");
    symlinkSync(tree.at("outside"), tree.at("etc/rules/a.xml"));
    await receive(tree, { extra: ["etc/rules/a.xml"] });
    expect([tree.has("outside"), tree.has("etc/rules/a.xml")]).toEqual([true, false]);
  });

  it("through a linked folder nothing is written, made or deleted", async () => {
    tree.write("outside/keep.xml", "keep");
    symlinkSync(tree.at("outside"), tree.at("etc/rules/linked"));
    const result = await receive(tree, {
      missing: { "etc/rules/linked/new.xml": "evil", "etc/rules/linked/sub/new.xml": "evil" },
      shared: { "etc/rules/linked/keep.xml": "evil" },
      extra: ["etc/rules/linked/extra.xml", "etc/rules/linked/sub/extra.xml"],
    });
    expect(tree.paths("outside")).toEqual(["outside/keep.xml"]);
    expect(tree.read("outside/keep.xml")).toBe("keep");
    expect(result).toMatchObject({ created: 0, overwritten: 0, deleted: 0 });
    expect(result.problems).toHaveLength(3);
  });

  it("through a linked folder an existing file is not deleted", async () => {
    tree.write("outside/keep.xml", "keep");
    symlinkSync(tree.at("outside"), tree.at("etc/rules/linked"));
    const result = await receive(tree, { extra: ["etc/rules/linked/keep.xml"] });
    expect(tree.read("outside/keep.xml")).toBe("keep");
    expect(result.problems).toMatchObject([{ path: "etc/rules/linked/keep.xml", code: "EIO" }]);
  });
});

describe("deleting", () => {
  it("a file that is gone already is no problem", async () => {
    expect(await receive(tree, { extra: ["etc/rules/gone.xml", "etc/shared/gone/agent.conf"] })).toMatchObject({ deleted: 0, problems: [] });
  });

  it("a folder in the file's place stays", async () => {
    tree.write("etc/rules/x.xml/inner", "own");
    const result = await receive(tree, { extra: ["etc/rules/x.xml"] });
    expect(tree.read("etc/rules/x.xml/inner")).toBe("own");
    expect(result.problems).toMatchObject([{ path: "etc/rules/x.xml", code: "EISDIR", message: expect.stringContaining("a folder stands in its place") as string }]);
  });

  it("removes the folders that became empty, upwards, but never the item's own", async () => {
    tree.write("etc/shared/a/b/c/agent.conf");
    await receive(tree, { extra: ["etc/shared/a/b/c/agent.conf"] });
    expect(tree.paths("etc/shared")).toEqual([]);
    expect(tree.has("etc/shared")).toBe(true);
  });

  it("removes them also when the file was gone before: a round that broke off is finished", async () => {
    mkdirSync(tree.at("etc/shared/a"));
    await receive(tree, { extra: ["etc/shared/a/agent.conf"] });
    expect(tree.has("etc/shared/a")).toBe(false);
  });

  it("keeps folders of items that do not say so", async () => {
    tree.write("etc/rules/sub/x.xml");
    await receive(tree, { extra: ["etc/rules/sub/x.xml"] });
    expect(tree.has("etc/rules/sub")).toBe(true);
  });

  it("takes a folder that holds only excluded files for empty", async () => {
    tree.write("etc/shared/old/agent.conf");
    tree.write("etc/shared/old/ar.conf");
    tree.write("etc/shared/old/x.swp");
    await receive(tree, { extra: ["etc/shared/old/agent.conf"] });
    expect(tree.has("etc/shared/old")).toBe(false);
  });

  it.each(["other.conf", "sub/ar.conf"])("keeps a folder that holds %s, and its excluded files", async (name) => {
    tree.write("etc/shared/old/agent.conf");
    tree.write("etc/shared/old/ar.conf");
    tree.write(`etc/shared/old/${name}`);
    await receive(tree, { extra: ["etc/shared/old/agent.conf"] });
    expect([tree.has("etc/shared/old/ar.conf"), tree.has(`etc/shared/old/${name}`)]).toEqual([true, true]);
  });

  it("keeps a folder that a new file came into", async () => {
    tree.write("etc/shared/g/old.conf");
    await receive(tree, { missing: { "etc/shared/g/new.conf": "new" }, extra: ["etc/shared/g/old.conf"] });
    expect(tree.contents()).toEqual({ "etc/shared/g/new.conf": "new" });
  });
});

describe("files and folders that change places", () => {
  it("an extra file makes way for a folder", async () => {
    tree.write("etc/shared/g", "a file");
    const result = await receive(tree, { missing: { "etc/shared/g/agent.conf": "new" }, extra: ["etc/shared/g"] });
    expect(tree.contents()).toEqual({ "etc/shared/g/agent.conf": "new" });
    expect(result).toMatchObject({ created: 1, deleted: 1, problems: [] });
  });

  it("a folder of extra files makes way for a file", async () => {
    tree.write("etc/rules/x/deep/a.xml");
    tree.write("etc/rules/x/b.xml");
    mkdirSync(tree.at("etc/rules/x/empty"));
    const result = await receive(tree, { missing: { "etc/rules/x": "new" }, extra: ["etc/rules/x/deep/a.xml", "etc/rules/x/b.xml"] });
    expect(tree.contents()).toEqual({ "etc/rules/x": "new" });
    expect(result).toMatchObject({ created: 1, deleted: 2, problems: [] });
  });

  it("a folder that holds other files stays, with them", async () => {
    tree.write("etc/rules/x/a.xml");
    tree.write("etc/rules/x/own.swp", "own");
    const result = await receive(tree, { missing: { "etc/rules/x": "new" }, extra: ["etc/rules/x/a.xml"] });
    expect(tree.contents()).toEqual({ "etc/rules/x/own.swp": "own" });
    expect(result).toMatchObject({ created: 0, problems: [{ path: "etc/rules/x", code: "EISDIR" }] });
  });

  it("a file that no list names stays in the way of a folder", async () => {
    tree.write("etc/rules/x", "own");
    const result = await receive(tree, { missing: { "etc/rules/x/a.xml": "new" } });
    expect(tree.contents()).toEqual({ "etc/rules/x": "own" });
    expect(result.problems).toMatchObject([{ path: "etc/rules/x/a.xml" }]);
  });
});

describe("on two file systems", () => {
  /** Renames out of the unpack folder fail as they do between file systems. */
  const crossing = diskWith({
    renameSync: (from, to) => {
      if (from.includes("from-master.zipdir")) throw Object.assign(new Error("cross-device link"), { code: "EXDEV" });
      renameSync(from, to);
    },
  });

  it("a copy beside the target takes its name, with mode and content, and nothing is left", async () => {
    const content = "x".repeat(700_000);
    tree.write("etc/rules/a.xml", "old");
    const result = await receive(tree, { shared: { "etc/rules/a.xml": content } }, crossing);
    expect(tree.contents()).toEqual({ "etc/rules/a.xml": content });
    expect([tree.mode("etc/rules/a.xml"), result.overwritten]).toEqual([0o660, 1]);
  });

  it("a copy that an earlier run left is replaced, also when it is a link", async () => {
    tree.write("outside", "outside");
    symlinkSync(tree.at("outside"), tree.at("etc/rules/.muster-incoming.tmp"));
    await receive(tree, { missing: { "etc/rules/a.xml": "new" } }, crossing);
    expect(tree.contents()).toEqual({ outside: "outside", "etc/rules/a.xml": "new" });
  });

  it("a copy that cannot be finished leaves the old file and nothing else", async () => {
    tree.write("etc/rules/a.xml", "old");
    const full = { ...crossing, writeSync: () => {
      throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    } };
    const result = await receive(tree, { shared: { "etc/rules/a.xml": "new" } }, full);
    expect(tree.contents()).toEqual({ "etc/rules/a.xml": "old" });
    expect(result.problems).toMatchObject([{ code: "ENOSPC" }]);
  });
});

describe("merged group files", () => {
  it("become files of their own, with the item's mode", async () => {
    tree.write("queue/agent-groups/001", "old");
    const result = await receive(tree, { merged: "7 001 2021-11-22 16:53:20\ndefault6 002 2021-11-22 16:53:20.5\nweb,db" });
    expect(tree.contents()).toEqual({ "queue/agent-groups/001": "default", "queue/agent-groups/002": "web,db" });
    expect(tree.mode("queue/agent-groups/002")).toBe(0o660);
    expect(result).toMatchObject({ created: 1, overwritten: 1, problems: [] });
  });

  it.each(["../../etc/client.keys", "../evil", "/etc/passwd", "a/b", ".hidden", "12", "web01", "001\\x", "0".repeat(11), ".."])(
    "the name %s is a problem; the other parts are taken",
    async (name) => {
      const before = tree.paths();
      const result = await receive(tree, { merged: `4 ${name} 2021-11-22 16:53:20\nevil7 001 2021-11-22 16:53:20\ndefault` });
      expect(tree.paths()).toEqual([...before, "queue/agent-groups/001"].sort());
      expect(result).toMatchObject({ created: 1, problems: [{ code: "EINVAL" }] });
    },
  );

  it("parts before a malformed header count; the rest is reported", async () => {
    const result = await receive(tree, { merged: "7 001 2021-11-22 16:53:20\ndefaultgarbage\n7 002 2021-11-22 16:53:20\ndefault" });
    expect(tree.contents()).toEqual({ "queue/agent-groups/001": "default" });
    expect(result.problems).toMatchObject([{ path: "queue/cluster/worker1/agent-groups-shared.merged", code: "EBADMSG" }]);
  });
});

describe("a new client.keys", () => {
  it("takes the leftovers of removed agents with it", async () => {
    tree.write("etc/client.keys", "001 web any k\n004 old any k\n");
    tree.write("queue/rids/004", "x");
    tree.write("queue/rids/001", "x");
    const result = await receive(tree, { shared: { "etc/client.keys": "001 web any k\n" } });
    expect(result.removedAgents).toEqual(["004"]);
    expect([tree.has("queue/rids/004"), tree.has("queue/rids/001")]).toEqual([false, true]);
  });

  it("removes them before it takes its place, so that a crash between forgets none", async () => {
    tree.write("etc/client.keys", "004 old any k\n");
    tree.write("queue/rids/004", "x");
    let leftAtRename: boolean | undefined;
    const disk = diskWith({
      renameSync: (from, to) => {
        if (to.endsWith("client.keys")) leftAtRename = tree.has("queue/rids/004");
        nodeDisk.renameSync(from, to);
      },
    });
    await receive(tree, { shared: { "etc/client.keys": "" } }, disk);
    expect(leftAtRename).toBe(false);
  });
});

describe("at the end", () => {
  it("folder and archive are gone, and the asked-for files are named", async () => {
    const result = await receive(tree, { extraValid: ["queue/agent-groups/002"], missing: { "etc/rules/a.xml": "" } });
    expect(result.extraValid).toEqual(["queue/agent-groups/002"]);
    expect(tree.paths("queue/cluster/worker1")).toEqual([]);
  });

  it("they are gone also when the folder's metadata is unreadable", async () => {
    const folder = await unpackOnto(tree, { missing: { "etc/rules/a.xml": "" } });
    writeFileSync(`${folder}/files_metadata.json`, "{");
    expect(() => apply(nodeDisk, { kind: "apply", scope: tree.scope(), folder })).toThrow(/JSON/);
    expect(tree.paths("queue/cluster/worker1")).toEqual([]);
  });

  it("applying the same archive again changes nothing", async () => {
    const archive = { missing: { "etc/rules/a.xml": "a", "etc/lists/s/b": "b" }, extra: ["etc/rules/c.xml"], merged: "1 001 2021-11-22 16:53:20\nx" };
    tree.write("etc/rules/c.xml");
    await receive(tree, archive);
    const once = tree.contents();
    expect(await receive(tree, archive)).toMatchObject({ created: 0, overwritten: 3, deleted: 0, problems: [] });
    expect(tree.contents()).toEqual(once);
  });
});

describe("the process ends at any of its calls to the disk", () => {
  const OLD = { "etc/rules/a.xml": "old a", "etc/rules/gone.xml": "gone", "etc/shared/g/agent.conf": "old g", "queue/agent-groups/001": "old 1", "etc/client.keys": "004 old any k\n" };
  const NEW = { "etc/rules/a.xml": "new a".repeat(50_000), "etc/shared/g/agent.conf": "new g", "etc/client.keys": "001 web any k\n" };
  const ARCHIVE_CONTENT = { missing: { "etc/lists/sub/new": "new" }, shared: NEW, extra: ["etc/rules/gone.xml"], merged: "5 001 2021-11-22 16:53:20\nnew 1" };
  const AFTER: Record<string, string> = { ...NEW, "etc/lists/sub/new": "new", "queue/agent-groups/001": "new 1" };
  const MUTATING = ["openSync", "writeSync", "renameSync", "unlinkSync", "rmdirSync", "rmSync", "mkdirSync", "chmodSync", "fchownSync"] as const;

  /** A disk that does nothing more from its `last`-th changing call on; that one may still happen in part. */
  function dyingDisk(last: number, isCrossing: boolean): { disk: typeof nodeDisk; calls: () => number } {
    let calls = 0;
    const wrapped = Object.fromEntries(
      MUTATING.map((name) => {
        const call = (...given: unknown[]): unknown => {
          if (++calls >= last) throw Object.assign(new Error("killed"), { code: "KILLED" });
          if (isCrossing && name === "renameSync" && String(given[0]).includes("zipdir")) throw Object.assign(new Error("EXDEV"), { code: "EXDEV" });
          return (nodeDisk[name] as (...values: unknown[]) => unknown)(...given);
        };
        return [name, call];
      }),
    );
    return { disk: diskWith(wrapped), calls: () => calls };
  }

  it.each([false, true])("each file has its old content or its new one, and the next round completes (crossing file systems: %s)", async (isCrossing) => {
    const lay = (): void => {
      for (const [path, content] of Object.entries(OLD)) tree.write(path, content);
    };
    lay();
    const counting = dyingDisk(Number.POSITIVE_INFINITY, isCrossing);
    await receive(tree, ARCHIVE_CONTENT, counting.disk);
    expect(tree.contents()).toEqual(AFTER);
    expect(counting.calls()).toBeGreaterThan(15);

    for (let last = 1; last <= counting.calls(); last++) {
      tree.remove();
      tree = new NodeTree("worker1");
      lay();
      const folder = await unpackOnto(tree, ARCHIVE_CONTENT);
      try {
        apply(dyingDisk(last, isCrossing).disk, { kind: "apply", scope: tree.scope(), folder });
      } catch {
        // It died.
      }
      for (const path of new Set([...Object.keys(OLD), ...Object.keys(AFTER)])) {
        const old = (OLD as Record<string, string>)[path];
        expect([old, AFTER[path]], `${path} after call ${last}`).toContain(tree.read(path));
      }
      rmSync(folder, { recursive: true, force: true });
      await receive(tree, ARCHIVE_CONTENT);
      const seen = Object.fromEntries(Object.entries(tree.contents()).filter(([path]) => !path.endsWith(".muster-incoming.tmp")));
      expect(seen).toEqual(AFTER);
    }
  });
});

it("the unpacked metadata is the archive's own, byte for byte", async () => {
  const folder = await unpackOnto(tree, { missing: { "etc/rules/a.xml": "" } });
  chmodSync(folder, 0o700);
  expect(Object.keys(JSON.parse(readFileSync(`${folder}/files_metadata.json`, "utf8")) as object)).toEqual(["missing", "extra", "shared", "extra_valid"]);
  expect(tree.has(ARCHIVE)).toBe(false);
});
