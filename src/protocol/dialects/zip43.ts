import { LONGEST_COMMAND_BYTES } from "../frame.js";
import type { Dialect } from "./Dialect.js";

/** Dialect 4.3-zip (protocol.md 1 and 10; dialects.md, SEED). */
export const zip43: Dialect = Object.freeze({
  id: "4.3-zip",
  version: "4.3.0",
  requestChunk: 5_242_880,
  longestCommand: LONGEST_COMMAND_BYTES,
  fileHash: Object.freeze({ algorithm: "md5", bytes: 16, metadataKey: "md5" }),
  archive: "zip",
  differenceGroups: Object.freeze(["missing", "extra", "shared", "extra_valid"] as const),
});
