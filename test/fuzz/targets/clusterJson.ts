import { defaultClusterItems } from "../../../src/config/defaultClusterItems.js";
import { readClusterJson } from "../../../src/config/clusterJson.js";
import { readSettings } from "../../../src/config/settings/readSettings.js";
import { must, type FuzzTarget } from "../FuzzTarget.js";
import { texts } from "./recorded.js";

const CLUSTER_JSON = `{
  "files": {"etc/": {"permissions": 416, "source": "master", "files": ["client.keys"], "recursive": false, "restart": false, "remove_subdirs_if_empty": false, "extra_valid": false, "description": "x"}, "excluded_files": ["ar.conf"], "excluded_extensions": ["~"]},
  "intervals": {"worker": {"sync_integrity": 9, "keep_alive": 60}, "master": {"recalculate_integrity": 8}, "communication": {"timeout_cluster_request": 20}},
  "distributed_api": {"enabled": true}
}`;
const MUSTER_YAML = "http:\n  listen: 127.0.0.1:1517\nlimits:\n  openFiles: 3\n  helloTimeout: 1.5\nkeys: {files: [a, b]}\nlog: &a {level: debug}\n";

/** cluster.json and muster.yaml: every mistake is told, and what is mistaken keeps its default. */
export const clusterJson: FuzzTarget = {
  name: "clusterJson",
  corpus: () => texts(CLUSTER_JSON, '{"files": {"etc/rules/": {"permissions": "0x1b0", "files": ["all"]}}}', MUSTER_YAML, "limits: {frameBytes: 10485760, messageBytes: 268435456}\n"),
  dictionary: ["files", "etc/rules/", "../", "/etc/", "permissions", "0x1b0", "recursive", "excluded_files", "intervals", "worker", "sync_integrity", "distributed_api", "limits:", "openFiles:", "&a ", "*a", "<<: ", "!!js/function", "!!binary ", "? ", "- ", "|\n", ">\n", "---\n", "%YAML 1.2\n"],
  // The documents are parsed by a library; mistakes name all that there could be.
  moreSteps: 200_000,
  run: (input) => {
    const text = input.toString("utf8");
    const { items, problems } = readClusterJson(text, "cluster.json");
    for (const key of Object.keys(items.files)) {
      must(key.endsWith("/") && !key.startsWith("/") && !key.split("/").includes(".."), `the item ${JSON.stringify(key)} comes out`);
    }
    must(Object.values(items.intervals).every((section) => Object.values(section as Record<string, number>).every((seconds) => seconds > 0 && Number.isFinite(seconds))), "an odd interval comes out");
    const isDefault = JSON.stringify(items) === JSON.stringify(defaultClusterItems());
    must(isDefault || problems.length > 0 || text.trim() !== "", "nothing changes something");
    const { settings } = readSettings(text, "muster.yaml", []);
    must(settings.http.listen === "off" || settings.http.listen.includes(":"), "an odd address comes out");
  },
};
