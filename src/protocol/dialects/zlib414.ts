import { LONGEST_COMMAND_BYTES } from "../frame.js";
import type { Dialect } from "./Dialect.js";

/** Dialect 4.14 (dialects.md, columns 414): what nodes of 4.13 and 4.14 speak. */
export const zlib414: Dialect = Object.freeze({
  id: "4.14",
  version: "4.14.7",
  versions: String.raw`^4\.1[34]\.\d+$`,
  nodeNames: String.raw`^[A-Za-z0-9_-]{1,128}$`,
  requestChunk: 5_242_880,
  divides: "payload",
  longestCommand: LONGEST_COMMAND_BYTES,
  clusterErrorIds: false,
  fileHash: Object.freeze({ algorithm: "blake2b512", bytes: 64, metadataKey: "hash" }),
  archive: "zlib",
  archiveName: "hex",
  cancelsTransfers: true,
  differenceGroups: Object.freeze(["missing", "extra", "shared"] as const),
  rules: Object.freeze({ integrityPermission: "oncePerIndex", agentGroups: "store" }),
  agentInfo: "lists",
  cleansRemovedAgents: false,
  reloadsRuleset: true,
  emptiesTransferFolder: true,
  countsManager: false,
  health: "4.14",
  clusterJson: Object.freeze({
    items: Object.freeze(["etc/", "etc/shared/", "var/multigroups/", "etc/rules/", "etc/decoders/", "etc/lists/"]),
    syncAgentInfoKoRetry: 10,
  }),
});
