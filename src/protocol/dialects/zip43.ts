import { LONGEST_COMMAND_BYTES } from "../frame.js";
import type { Dialect } from "./Dialect.js";

/** Dialect 4.3-zip (protocol.md 1 and 10; dialects.md, SEED). */
export const zip43: Dialect = Object.freeze({
  id: "4.3-zip",
  version: "4.3.0",
  versions: String.raw`^4\.3\.\d+$`,
  nodeNames: String.raw`^[A-Za-z0-9._-]{1,128}$`,
  requestChunk: 5_242_880,
  divides: "frame",
  longestCommand: LONGEST_COMMAND_BYTES,
  clusterErrorIds: true,
  fileHash: Object.freeze({ algorithm: "md5", bytes: 16, metadataKey: "md5" }),
  archive: "zip",
  archiveName: "digits",
  cancelsTransfers: false,
  differenceGroups: Object.freeze(["missing", "extra", "shared", "extra_valid"] as const),
  rules: Object.freeze({ integrityPermission: "whenFree", agentGroups: "files" }),
  agentInfo: "chunks",
  cleansRemovedAgents: true,
  reloadsRuleset: false,
  emptiesTransferFolder: false,
  countsManager: true,
  health: "4.3",
  clusterJson: Object.freeze({
    items: Object.freeze([
      "etc/",
      "etc/shared/",
      "var/multigroups/",
      "etc/rules/",
      "etc/decoders/",
      "etc/lists/",
      "queue/agent-groups/",
    ]),
    syncAgentInfoKoRetry: 1,
  }),
});
