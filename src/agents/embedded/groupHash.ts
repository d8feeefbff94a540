import { createHash } from "node:crypto";
import type { SqlDatabase } from "./SqlDatabase.js";

/** Hexadecimal digits of an agent's own hash. */
const GROUP_HASH_DIGITS = 8;

/** The hash of one agent's groups, which are one text separated by commas; null for none. */
export function hashOfGroups(groups: string | null): string | null {
  if (groups === null || groups === "") return null;
  return createHash("sha256").update(groups).digest("hex").slice(0, GROUP_HASH_DIGITS);
}

/** The checksum of all agents' groups: SHA-1 over their hashes in the order of their ids; null when no agent has any. */
export function globalGroupHash(database: SqlDatabase): string | null {
  const hash = createHash("sha1");
  const rows = database.all("SELECT group_hash FROM agent WHERE id > 0 AND group_hash IS NOT NULL ORDER BY id");
  for (const row of rows) hash.update(String(row["group_hash"]));
  return rows.length === 0 ? null : hash.digest("hex");
}
