import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { applyExtraValid } from "../../../../src/integrity/extraValid/applyExtraValid.js";
import { mergeGroups } from "../../../../src/integrity/extraValid/mergeGroups.js";
import { packGroups } from "../../../../src/integrity/extraValid/packGroups.js";
import type { ApplyExtraValidResult, MergeGroupsResult } from "../../../../workers/jobs.js";
import { describeFile } from "../archive/masterArchive.js";
import { NodeTree } from "../archive/nodeTree.js";
import { buildZip, type RawEntry } from "../archive/zipBuilder.js";
import { readZip } from "../archive/zipParser.js";
import { diskWith } from "./diskWith.js";

const MERGED = "queue/cluster/worker1/agent-groups.merged";
const ZIP = "queue/cluster/worker1/groups.zip";

let worker: NodeTree;
let master: NodeTree;

beforeEach(() => {
  worker = new NodeTree("worker1");
  master = new NodeTree("master");
  mkdirSync(master.at("queue/cluster/worker1"));
  master.write("etc/client.keys", "001 web any k\n002 db any k\n003 app any k\n004 !gone any k\n");
});
afterEach(() => {
  worker.remove();
  master.remove();
});

function merge(paths: readonly string[]): MergeGroupsResult {
  return mergeGroups(nodeDisk, { kind: "mergeGroups", scope: worker.scope(), paths, destination: worker.at(MERGED) });
}

async function pack(disk = nodeDisk): Promise<void> {
  await packGroups(disk, { kind: "packGroups", scope: worker.scope(), merged: MERGED, destination: worker.at(ZIP) });
}

async function take(bytes: Buffer, asked: readonly string[] = ["001", "002", "003", "900"]): Promise<ApplyExtraValidResult> {
  writeFileSync(master.at(ZIP), bytes);
  return applyExtraValid(nodeDisk, {
    kind: "applyExtraValid",
    scope: master.scope(),
    workerName: "worker1",
    archive: master.at(ZIP),
    asked: asked.map((id) => `queue/agent-groups/${id}`),
  });
}

/** A worker's archive by hand. */
function workerArchive(merged: string, entry: Partial<RawEntry> = {}, described: Record<string, unknown> = {}): Buffer {
  const name = String(entry.name ?? MERGED);
  const description = { merged: true, merge_type: "agent-groups", merge_name: name, cluster_item_key: "queue/agent-groups/", ...described };
  return buildZip([
    { name, content: merged, ...entry },
    { name: "files_metadata.json", content: JSON.stringify({ [name]: description }) },
  ]);
}

const part = (id: string, content: string, time = "2021-11-22 16:53:20"): string => `${content.length} ${id} ${time}\n${content}`;

describe("a worker's group files", () => {
  it("are merged and packed as the reference packs them", async () => {
    worker.write("queue/agent-groups/002", "web", { modTime: 1637600060 });
    worker.write("queue/agent-groups/900", "ghost", { modTime: 1637600070 });
    expect(merge(["queue/agent-groups/002", "queue/agent-groups/900"])).toEqual({ parts: 2, problems: [] });
    await pack();
    expect(readZip(readFileSync(worker.at(ZIP))).map(({ name, content }) => [name, content.toString()])).toEqual([
      [MERGED, "3 002 2021-11-22 16:54:20\nweb5 900 2021-11-22 16:54:30\nghost"],
      ["files_metadata.json", `{"${MERGED}": {"merged": true, "merge_type": "agent-groups", "merge_name": "${MERGED}", "cluster_item_key": "queue/agent-groups/"}}`],
    ]);
  });

  it("that nobody asked for give an archive with empty metadata", async () => {
    expect(merge([])).toEqual({ parts: 0, problems: [] });
    await pack();
    expect(readZip(readFileSync(worker.at(ZIP))).map(({ name, content }) => [name, content.toString()])).toEqual([["files_metadata.json", "{}"]]);
  });

  it.each(["etc/client.keys", "etc/ossec.conf", "queue/agent-groups/backup", "queue/agent-groups/../../etc/ossec.conf", "queue/agent-groups/sub/001", "/etc/passwd", ""])(
    "do not include %j, whoever asks",
    (path) => {
      worker.write("etc/client.keys", "secret");
      worker.write("queue/agent-groups/backup", "secret");
      expect(merge([path])).toMatchObject({ parts: 0, problems: [{ path, code: "EPERM" }] });
      expect(worker.read(MERGED)).toBe("");
    },
  );

  it("that are gone are reported; the others travel", () => {
    worker.write("queue/agent-groups/002", "web");
    expect(merge(["queue/agent-groups/001", "queue/agent-groups/002"])).toMatchObject({ parts: 1, problems: [{ code: "ENOENT" }] });
  });

  it("are not read through a link", () => {
    worker.write("secret", "secret");
    symlinkSync(worker.at("secret"), worker.at("queue/agent-groups/001"));
    expect(merge(["queue/agent-groups/001"])).toMatchObject({ parts: 0, problems: [{ code: "ELOOP" }] });
  });

  it("replace a merged file that an earlier round left", () => {
    worker.write(MERGED, "left");
    worker.write("queue/agent-groups/002", "web", { modTime: 1637600060 });
    merge(["queue/agent-groups/002"]);
    expect(worker.read(MERGED)).toBe("3 002 2021-11-22 16:54:20\nweb");
  });

  it("whose merged file is gone are error 3001, with what to do", async () => {
    await expect(pack()).rejects.toMatchObject({ code: 3001, message: expect.stringContaining("next round") as string });
    expect(worker.paths("queue/cluster/worker1")).toEqual([]);
  });

  it("whose merged file cannot be read leave no archive", async () => {
    worker.write(MERGED, part("001", "default"));
    const disk = diskWith({
      openSync: (path, ...rest) => {
        if (path.endsWith(".merged")) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
        return nodeDisk.openSync(path, ...rest);
      },
    });
    await expect(pack(disk)).rejects.toMatchObject({ code: 3001 });
    expect(worker.paths("queue/cluster/worker1")).toEqual([MERGED]);
  });

  it("are not packed through a linked folder", async () => {
    worker.write("outside/agent-groups.merged", "secret");
    nodeDisk.rmSync(worker.at("queue/cluster/worker1"), { recursive: true });
    symlinkSync(worker.at("outside"), worker.at("queue/cluster/worker1"));
    await expect(pack()).rejects.toMatchObject({ code: 3000, message: expect.stringContaining("symbolic link") as string });
  });

  it("arrive at the master as they are, to the whole second", async () => {
    worker.write("queue/agent-groups/001", "default,web", { modTime: 1637600060.75 });
    merge(["queue/agent-groups/001"]);
    await pack();
    copyFileSync(worker.at(ZIP), master.at(ZIP));
    expect(await take(readFileSync(worker.at(ZIP)))).toEqual({ written: 1, older: 0, unknownAgents: [], problems: [] });
    expect([master.read("queue/agent-groups/001"), master.mode("queue/agent-groups/001"), master.modTime("queue/agent-groups/001")]).toEqual(["default,web", 0o660, 1637600060]);
  });
});

describe("the master takes", () => {
  it("nothing of an empty archive", async () => {
    expect(await take(buildZip([{ name: "files_metadata.json", content: "{}" }]))).toEqual({ written: 0, older: 0, unknownAgents: [], problems: [] });
  });

  it("no group of an agent that it does not know, or has removed", async () => {
    const result = await take(workerArchive(part("900", "ghost") + part("004", "old") + part("001", "default")), ["001", "004", "900"]);
    expect(result).toEqual({ written: 1, older: 0, unknownAgents: ["900", "004"], problems: [] });
    expect(master.paths("queue/agent-groups")).toEqual(["queue/agent-groups/001"]);
  });

  it("no group that it did not ask this worker for", async () => {
    const result = await take(workerArchive(part("001", "a") + part("002", "b")), ["002"]);
    expect(result).toMatchObject({ written: 1, problems: [{ path: "queue/agent-groups/001", code: "EPERM" }] });
    expect(master.paths("queue/agent-groups")).toEqual(["queue/agent-groups/002"]);
  });

  it("the master's own agent 000 from nobody", async () => {
    expect(await take(workerArchive(part("000", "x")), ["000"])).toMatchObject({ written: 0, unknownAgents: ["000"] });
  });

  it.each([
    ["older by a second", 1637600001, 0, 1],
    ["of the same second, whatever its fraction", 1637600000.9, 1, 0],
    ["newer", 1637599999, 1, 0],
  ])("a part %s or not", async (_, own, written, older) => {
    master.write("queue/agent-groups/001", "own", { modTime: own });
    expect(await take(workerArchive(part("001", "theirs")))).toMatchObject({ written, older });
    expect(master.read("queue/agent-groups/001")).toBe(written === 1 ? "theirs" : "own");
  });

  it.each(["../../etc/client.keys", "..", "/etc/passwd", ".x", "1/2", "web01", "1"])("no part named %s; the others are taken", async (name) => {
    const before = master.paths();
    const result = await take(workerArchive(part(name, "evil") + part("001", "default")));
    expect(result).toMatchObject({ written: 1, problems: [{ code: "EINVAL" }] });
    expect(master.paths()).toEqual([...before, "queue/agent-groups/001"].sort());
  });

  it("the parts before a malformed one, and reports the rest", async () => {
    const result = await take(workerArchive(`${part("001", "default")}garbage`));
    expect(result).toMatchObject({ written: 1, problems: [{ code: "EBADMSG" }] });
  });

  it("a group file in the place of a link, not through it", async () => {
    master.write("outside", "kept", { modTime: 1 });
    symlinkSync("../../outside", master.at("queue/agent-groups/001"));
    await take(workerArchive(part("001", "new", "2099-01-01 00:00:00")));
    expect([master.read("outside"), master.read("queue/agent-groups/001")]).toEqual(["kept", "new"]);
  });

  it("nothing when it has no client.keys: it knows no agent", async () => {
    nodeDisk.unlinkSync(master.at("etc/client.keys"));
    expect(await take(workerArchive(part("001", "x")))).toMatchObject({ written: 0, unknownAgents: ["001"] });
  });
});

describe("the master refuses the whole archive", () => {
  async function expectRefused(bytes: Buffer, code: number, text: RegExp): Promise<void> {
    const before = master.paths();
    await expect(take(bytes)).rejects.toMatchObject({ code, message: expect.stringMatching(text) as string });
    expect(master.paths()).toEqual(before);
  }
  const groups = part("001", "default");

  it.each(["etc/client.keys", "client.keys", "queue/cluster/worker1/client.keys"])("that brings %s: error 3007", async (name) => {
    await expectRefused(workerArchive("001 evil any k", { name }), 3007, /client\.keys/);
  });

  it("that brings client.keys beside the groups: error 3007", async () => {
    const metadata = { [MERGED]: { merged: true, merge_type: "agent-groups", cluster_item_key: "queue/agent-groups/" }, "etc/client.keys": describeFile("etc/client.keys") };
    const bytes = buildZip([
      { name: MERGED, content: groups },
      { name: "etc/client.keys", content: "evil" },
      { name: "files_metadata.json", content: JSON.stringify(metadata) },
    ]);
    await expectRefused(bytes, 3007, /client\.keys/);
  });

  it.each(["queue/agent-groups/001", "etc/rules/local.xml", "etc/ossec.conf", "queue/cluster/worker2/agent-groups.merged", "queue/cluster/worker1/agent-groups-shared.merged"])(
    "that brings %s",
    async (name) => {
      await expectRefused(workerArchive(groups, { name }), 3000, /is not the one file that a master takes from this worker/);
    },
  );

  it("whose file is not said to be merged", async () => {
    await expectRefused(workerArchive(groups, {}, { merged: false, mod_time: 1, md5: "ab".repeat(16) }), 3000, /not described as merged/);
  });

  it("whose file is said to be merged of another kind", async () => {
    await expectRefused(workerArchive(groups, {}, { merge_type: "agent-info" }), 3000, /not described as merged/);
  });

  it("that has a file which its metadata does not list", async () => {
    const bytes = buildZip([
      { name: MERGED, content: groups },
      { name: "files_metadata.json", content: "{}" },
    ]);
    await expectRefused(bytes, 3000, /do not agree/);
  });

  it.each([true, false])("that has a second file which its metadata does not list (before the listed one: %s)", async (isFirst) => {
    const description = { merged: true, merge_type: "agent-groups", cluster_item_key: "queue/agent-groups/" };
    const second = { name: "etc/rules/local.xml", content: part("002", "evil") };
    const listed = { name: MERGED, content: groups };
    const metadata = { name: "files_metadata.json", content: JSON.stringify({ [MERGED]: description }) };
    await expectRefused(buildZip([...(isFirst ? [second, listed] : [listed, second]), metadata]), 3000, /local\.xml" is not the one file/);
  });

  it("that lists a file which it does not have", async () => {
    const description = { merged: true, merge_type: "agent-groups", cluster_item_key: "queue/agent-groups/" };
    await expectRefused(buildZip([{ name: "files_metadata.json", content: JSON.stringify({ [MERGED]: description }) }]), 3000, /do not agree/);
  });

  it("that is broken", async () => {
    await expectRefused(workerArchive(groups, { crc: 1 }), 3000, /checksum is wrong/);
  });
});
