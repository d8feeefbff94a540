import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LIMITS } from "../../../src/config/Limits.js";
import { applyExtraValid } from "../../../src/integrity/extraValid/applyExtraValid.js";
import { readIndex } from "../../../src/integrity/archive/readIndex.js";
import { unpack } from "../../../src/integrity/archive/unpack.js";
import { nodeDisk } from "../../../src/integrity/Disk.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { scopeOf } from "../../support/tree.js";
import { masterArchive, describeFile } from "../../unit/integrity/archive/masterArchive.js";
import { buildZip } from "../../unit/integrity/archive/zipBuilder.js";
import { must, type FuzzTarget } from "../FuzzTarget.js";
import { mustHold, scratchFolder } from "./scratch.js";

const LIMITS = { ...DEFAULT_LIMITS, archiveEntries: 64, archiveEntryBytes: 64 * 1024, archiveBytes: 128 * 1024 };
const CONTENT = "<rules/>";
const FOLDERS = ["etc", "etc/client.keys", "queue", "queue/agent-groups", "queue/cluster", "queue/cluster/worker1"];
const GROUPS = "queue/cluster/worker1/agent-groups.merged";
const GROUP_METADATA = JSON.stringify({ [GROUPS]: { merged: true, merge_type: "agent-groups", merge_name: GROUPS, cluster_item_key: "queue/agent-groups/" } });

/** A fresh root for each input: nothing of the one before may be in its way. */
function makeRoot(): string {
  const root = join(scratchFolder(), "root");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "queue/cluster/worker1"), { recursive: true });
  mkdirSync(join(root, "queue/agent-groups"));
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/client.keys"), "001 a any 0\n");
  return root;
}

async function refused(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (error instanceof MusterError) return true;
    throw error;
  }
}

/** Zips, by the three ways in which nodes read them: nothing outside the private folder, nothing left of a refused one. */
export const archives: FuzzTarget = {
  name: "archives",
  corpus: () => [
    masterArchive({ missing: { "etc/rules/a.xml": CONTENT } }),
    masterArchive({ missing: { "etc/rules/a.xml": CONTENT }, shared: { "etc/lists/b": CONTENT.repeat(20) }, extra: ["etc/rules/c.xml"], deflate: true }),
    masterArchive({ shared: { "etc/rules/a.xml": CONTENT }, merged: "7 001 2021-11-22 16:53:20\ndefault", zip: { zip64: true, comment: Buffer.from("PK") } }),
    buildZip([{ name: "etc/rules/a.xml", content: CONTENT, descriptor: true, zip64: true }, { name: "files_metadata.json", content: JSON.stringify({ missing: { "etc/rules/a.xml": describeFile("etc/rules/a.xml", CONTENT) }, shared: {}, extra: {}, extra_valid: {} }) }]),
    buildZip([{ name: "files_metadata.json", content: JSON.stringify({ "etc/rules/a.xml": describeFile("etc/rules/a.xml", CONTENT) }) }]),
    buildZip([{ name: GROUPS, content: "7 001 2031-11-22 16:53:20\ndefault" }, { name: "files_metadata.json", content: GROUP_METADATA }]),
  ],
  dictionary: ["PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07", "files_metadata.json", "etc/rules/a.xml", "../../etc/x", "/etc/x", "etc\\x", "\x01\0\x10\0", "\x08\0", "\xff\xff\xff\xff", "001"],
  moreSteps: 20_000,
  run: async (input) => {
    const root = makeRoot();
    const scope = scopeOf(root);
    const limited = { ...scope, nodeName: "worker1", limits: LIMITS };
    const archive = join(root, "queue/cluster/worker1/x.zip");
    const folder = `${archive}dir`;

    writeFileSync(archive, input);
    if (!(await refused(unpack(nodeDisk, { kind: "unpack", scope: limited, archive, folder })))) {
      must(readFileSync(join(folder, "files_metadata.json")).length <= LIMITS.archiveEntryBytes, "the metadata is longer than allowed");
      rmSync(folder, { recursive: true });
    }
    mustHold(root, FOLDERS, "unpacking left or took something");

    writeFileSync(archive, input);
    await refused(readIndex(nodeDisk, { kind: "readIndex", scope: limited, archive }));
    mustHold(root, FOLDERS, "reading an index left or took something");

    writeFileSync(archive, input);
    const asked = ["queue/agent-groups/001"];
    await refused(applyExtraValid(nodeDisk, { kind: "applyExtraValid", scope: limited, archive, workerName: "worker1", asked }));
    rmSync(join(root, "queue/agent-groups/001"), { force: true });
    mustHold(root, FOLDERS, "taking group files left or took something");
    must(readFileSync(join(root, "etc/client.keys"), "utf8") === "001 a any 0\n", "client.keys was changed");
  },
};
