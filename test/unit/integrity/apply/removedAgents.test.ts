import { mkdirSync, symlinkSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseClientKeys } from "../../../../src/integrity/clientKeys.js";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { leftoversOf, removedAgents, type RemovedAgents } from "../../../../src/integrity/removedAgents.js";
import { NodeTree } from "../archive/nodeTree.js";
import { diskWith } from "./diskWith.js";

describe("client.keys", () => {
  it("lists id, name and address of each agent, and no key", () => {
    expect(parseClientKeys("001 web01 any 0123abcd\n1042 db.example-2 10.0.0.0/8 ffff\n")).toEqual([
      { id: "001", name: "web01", ip: "any" },
      { id: "1042", name: "db.example-2", ip: "10.0.0.0/8" },
    ]);
  });

  it.each(["# 001 web any key", "#001 web any key", "001 !web any key", "001 #web any key", "!001 web any key", "", "  ", "001", "001 web any", "web 001 any key", "001  web any key", "001 web any key more"])(
    "passes over the line %j",
    (line) => {
      expect(parseClientKeys(`${line}\n002 db any key`)).toEqual([{ id: "002", name: "db", ip: "any" }]);
    },
  );

  it("may have the line ends of other systems, and none at its end", () => {
    expect(parseClientKeys("001 web any key\r\n002 db any key").map(({ id }) => id)).toEqual(["001", "002"]);
  });

  it("of any text gives agents with digits as ids", () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => parseClientKeys(text).every(({ id }) => /^\d+$/.test(id))));
  });
});

describe("what an agent may have left", () => {
  it("is in five places", () => {
    expect(leftoversOf({ id: "004", name: "old", ip: "10.0.0.4" })).toEqual([
      "queue/rootcheck/(old) 10.0.0.4->rootcheck",
      "queue/diff/old",
      "queue/agent-groups/004",
      "queue/rids/004",
      "var/db/agents/old-004.db",
    ]);
  });

  it.each(["..", ".", "../x", "a/b", "/etc", "", ".hidden", "a\0b", "x".repeat(129), "a b"])("is not looked for by the name %j", (name) => {
    expect(leftoversOf({ id: "004", name, ip: "any" })).toEqual(["queue/agent-groups/004", "queue/rids/004"]);
  });

  it.each(["", "..", "4/../..", "0".repeat(11), "a4"])("is not looked for by the id %j", (id) => {
    expect(leftoversOf({ id, name: "old", ip: "any" })).toEqual(["queue/rootcheck/(old) any->rootcheck", "queue/diff/old"]);
  });

  it.each(["10.0.0.0/8", "../x", "", "a\0b"])("is not looked for by the address %j", (ip) => {
    expect(leftoversOf({ id: "004", name: "old", ip })).toHaveLength(4);
  });

  it("is in its folder, whatever id, name and address say", () => {
    const nasty = fc.oneof(fc.string(), fc.constantFrom("..", ".", "../..", "/", "a/../../b", "->", ") x"));
    const places = /^(queue\/rootcheck\/\([^/]+\) [^/]+->rootcheck|queue\/(diff|agent-groups|rids)\/(?!\.)[^/]+|var\/db\/agents\/(?!\.)[^/]+\.db)$/;
    fc.assert(fc.property(nasty, nasty, nasty, (id, name, ip) => leftoversOf({ id, name, ip }).every((path) => places.test(path))));
  });
});

describe("agents that a new client.keys no longer lists", () => {
  let tree: NodeTree;
  const LEFT = ["queue/rootcheck/(old) any->rootcheck", "queue/diff/old/123/last-entry", "queue/agent-groups/004", "queue/rids/004", "var/db/agents/old-004.db"];

  beforeEach(() => {
    tree = new NodeTree();
    for (const path of LEFT) tree.write(path, "left");
    tree.write("etc/client.keys", "001 web any k\n004 old any k\n");
  });
  afterEach(() => tree.remove());

  function remove(incoming: string, disk = nodeDisk): RemovedAgents {
    tree.write("incoming", incoming);
    return removedAgents(disk, tree.root, tree.at("incoming"));
  }

  it("lose all that they left, and nothing else goes", () => {
    tree.write("queue/rids/001", "kept");
    tree.write("queue/diff/old2/x", "kept");
    expect(remove("001 web any k\n")).toEqual({ ids: ["004"], problems: [] });
    expect(Object.keys(tree.contents())).toEqual(["etc/client.keys", "incoming", "queue/diff/old2/x", "queue/rids/001"]);
    expect(tree.has("queue/diff/old")).toBe(false);
  });

  it("are also those whose new line is that of a removed agent", () => {
    expect(remove("001 web any k\n004 !old any k\n").ids).toEqual(["004"]);
  });

  it("are none when all are still listed, in whatever order", () => {
    expect(remove("004 renamed 10.0.0.4 k2\n001 web any k\n")).toEqual({ ids: [], problems: [] });
    expect(tree.has("queue/rids/004")).toBe(true);
  });

  it("are none on a node that had no client.keys", () => {
    nodeDisk.unlinkSync(tree.at("etc/client.keys"));
    expect(remove("001 web any k\n")).toEqual({ ids: [], problems: [] });
  });

  it("may have left nothing", () => {
    for (const path of LEFT) nodeDisk.unlinkSync(tree.at(path));
    expect(remove("")).toEqual({ ids: ["001", "004"], problems: [] });
  });

  it("leave a link itself, not what it leads to", () => {
    tree.write("outside/x", "kept");
    nodeDisk.rmSync(tree.at("queue/diff/old"), { recursive: true });
    symlinkSync(tree.at("outside"), tree.at("queue/diff/old"));
    remove("001 web any k\n");
    expect([tree.has("queue/diff/old"), tree.read("outside/x")]).toEqual([false, "kept"]);
  });

  it("lose nothing through a linked folder; that is a problem", () => {
    tree.write("outside/004", "kept");
    nodeDisk.rmSync(tree.at("queue/rids"), { recursive: true });
    symlinkSync(tree.at("outside"), tree.at("queue/rids"));
    const { problems } = remove("001 web any k\n");
    expect(tree.read("outside/004")).toBe("kept");
    expect(problems).toMatchObject([{ path: "queue/rids/004" }]);
  });

  it("have one leftover that cannot be removed: the others go", () => {
    const disk = diskWith({
      rmSync: (path, options) => {
        if (path.includes("rids")) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
        nodeDisk.rmSync(path, options);
      },
    });
    expect(remove("001 web any k\n", disk)).toMatchObject({ ids: ["004"], problems: [{ path: "queue/rids/004", code: "EACCES" }] });
    expect(tree.has("var/db/agents/old-004.db")).toBe(false);
  });

  it("cannot be told from a client.keys that is a link or a folder", () => {
    nodeDisk.unlinkSync(tree.at("etc/client.keys"));
    mkdirSync(tree.at("etc/client.keys"));
    expect(() => remove("")).toThrow(/no regular file/);
    expect(tree.has("queue/rids/004")).toBe(true);
  });
});
