import { hashOfGroups } from "./groupHash.js";
import { isUpgraded } from "./schemaUpgrade.js";
import type { SqlDatabase } from "./SqlDatabase.js";

/**
 * Gives an agent these groups and no others. They stand twice in global.db: as a text in the agent's row, and as
 * memberships (dapi.md 6.4). Inside a transaction.
 * @param syncStatus whether workers are to hear of it, where the file keeps account of that.
 */
export function setGroups(database: SqlDatabase, id: number, groups: readonly string[], syncStatus: "synced" | "syncreq"): void {
  const text = groups.length === 0 ? null : groups.join(",");
  const upgraded = isUpgraded(database);
  database.run("UPDATE agent SET `group` = ? WHERE id = ?", text, id);
  if (upgraded) {
    database.run("UPDATE agent SET group_hash = ?, group_sync_status = ? WHERE id = ?", hashOfGroups(text), syncStatus, id);
  }
  database.run("DELETE FROM belongs WHERE id_agent = ?", id);
  for (const [priority, name] of groups.entries()) {
    database.run(
      "INSERT INTO `group` (name) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM `group` WHERE name = ?)",
      name,
      name,
    );
    database.run(
      "INSERT OR IGNORE INTO belongs (id_agent, id_group) SELECT ?, id FROM `group` WHERE name = ? LIMIT 1",
      id,
      name,
    );
    if (!upgraded) continue;
    database.run("UPDATE belongs SET priority = ? WHERE id_agent = ? AND id_group = (SELECT id FROM `group` WHERE name = ?)", priority, id, name);
  }
}
