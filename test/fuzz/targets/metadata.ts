import { defaultClusterItems } from "../../../src/config/defaultClusterItems.js";
import { DEFAULT_LIMITS } from "../../../src/config/Limits.js";
import type { FileIndex } from "../../../src/integrity/FileIndex.js";
import { isPlainPath, itemOfKey } from "../../../src/integrity/items.js";
import { decodeDifferenceMetadata, decodeMetadata, encodeDifferenceMetadata, indexToMetadata, metadataToIndex, type MetadataEntry } from "../../../src/integrity/metadata.js";
import { zip43 } from "../../../src/protocol/dialects/zip43.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { must, mustEqual, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { texts } from "./recorded.js";

const items = defaultClusterItems();
const MD5 = "d41d8cd98f00b204e9800998ecf8427e";
const FILE = `"etc/rules/a b.xml": {"mod_time": 1637600000.25, "cluster_item_key": "etc/rules/", "merged": false, "md5": "${MD5}"}`;
const MERGED = `"queue/agent-groups/x.merged": {"mod_time": 1.5, "cluster_item_key": "queue/agent-groups/", "merged": true, "merge_type": "agent-groups", "merge_name": "queue/x.merged", "md5": "${MD5}"}`;
const SHARED = '"queue/cluster/w/agent-groups-shared.merged": {"cluster_item_key": "queue/agent-groups/", "merged": true, "merge-type": "agent-groups"}';

/** `files_metadata.json` of both kinds: only confined paths and known items come out, and it reads again as it was written. */
export const metadata: FuzzTarget = {
  name: "metadata",
  corpus: () => texts(`{${FILE}}`, `{${FILE}, ${MERGED}}`, `{"missing": {${FILE}}, "shared": {${SHARED}}, "extra": {}, "extra_valid": {${MERGED}}}`),
  dictionary: ["mod_time", "cluster_item_key", "merged", "merge_type", "merge-type", "merge_name", "md5", MD5, "agent-groups", "etc/client.keys", "etc/ossec.conf", "queue/agent-groups/", "missing", "shared", "extra", "extra_valid", "..\\\\..\\\\", '"\\ud800"', "1e400"],
  run: (input) => {
    const checked = (entries: readonly MetadataEntry[]): void => {
      for (const { path, itemKey, hash } of entries) {
        must(isPlainPath(path) && !path.split("/").includes(".."), `the path ${path} comes out`);
        must(itemOfKey(items, itemKey) !== undefined, `the item ${itemKey} comes out`);
        must(hash === undefined || /^[0-9a-f]{32}$/.test(hash), "an odd hash comes out");
      }
    };
    const index = takenOrRefused(() => metadataToIndex(input, items, zip43, DEFAULT_LIMITS), MusterError);
    if (index !== undefined) {
      const entries = [...index.entries()];
      checked(entries);
      const again: FileIndex = metadataToIndex(indexToMetadata(index, zip43), items, zip43, DEFAULT_LIMITS);
      mustEqual([...again.entries()], entries, "an index changes by travelling on");
    }
    checked(takenOrRefused(() => decodeMetadata(input, items, zip43, DEFAULT_LIMITS), MusterError) ?? []);
    const difference = takenOrRefused(() => decodeDifferenceMetadata(input, items, zip43, DEFAULT_LIMITS), MusterError);
    if (difference === undefined) return;
    for (const group of Object.values(difference)) checked(group as readonly MetadataEntry[]);
    const sent = encodeDifferenceMetadata(difference, zip43);
    mustEqual(encodeDifferenceMetadata(decodeDifferenceMetadata(sent, items, zip43, DEFAULT_LIMITS), zip43), sent, "a difference changes by travelling on");
  },
};
