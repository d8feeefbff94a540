import { CONNECTION_STATUSES, LATER_SYNC_STATUSES, SYNC_STATUSES } from "../columns.js";
import type { CommandContext } from "./CommandContext.js";
import { hashOfGroups } from "./groupHash.js";
import { AGENT_TABLE_COLUMNS, LATER_DB_VERSION, storedVersion } from "./schema.js";
import type { SqlDatabase } from "./SqlDatabase.js";

const list = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(", ");

/** The columns that version 7 adds to `agent` (dapi.md 6.4). */
const LATER_COLUMNS = `
  group_hash TEXT DEFAULT NULL,
  group_sync_status TEXT NOT NULL CHECK (group_sync_status IN ('synced', 'syncreq')) DEFAULT 'synced',
  disconnection_time INTEGER DEFAULT 0,
  group_config_status TEXT NOT NULL CHECK (group_config_status IN ('synced', 'not synced')) DEFAULT 'not synced',
  status_code INTEGER DEFAULT 0`;

const OLD_COLUMNS =
  "id, name, ip, register_ip, internal_key, os_name, os_version, os_major, os_minor, os_codename, os_build, os_platform, os_uname, os_arch, version, config_sum, merged_sum, manager_host, node_name, date_add, last_keepalive, `group`, sync_status, connection_status";

/** SQLite can't change a table's checks: the table is made anew and takes the old one's rows and name. */
const UPGRADE = `
CREATE TABLE agent_upgraded (
${AGENT_TABLE_COLUMNS},
  sync_status TEXT NOT NULL CHECK (sync_status IN (${list([...SYNC_STATUSES, ...LATER_SYNC_STATUSES])})) DEFAULT 'synced',
  connection_status TEXT NOT NULL CHECK (connection_status IN (${list(CONNECTION_STATUSES)})) DEFAULT 'never_connected',${LATER_COLUMNS}
);
INSERT INTO agent_upgraded (${OLD_COLUMNS}) SELECT ${OLD_COLUMNS} FROM agent;
DROP TABLE agent;
ALTER TABLE agent_upgraded RENAME TO agent;
CREATE INDEX IF NOT EXISTS agent_name ON agent (name);
CREATE INDEX IF NOT EXISTS agent_ip ON agent (ip);
ALTER TABLE belongs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
UPDATE metadata SET value = '${LATER_DB_VERSION}' WHERE key = 'db_version';
`;

/** Whether the file has the columns of dialect 4.14. */
export function isUpgraded(database: SqlDatabase): boolean {
  return storedVersion(database) === LATER_DB_VERSION;
}

/**
 * Gives the file what the commands of dialect 4.14 need (dapi.md 6.4), with the first of them: a node of dialect
 * 4.3-zip never uses one, and its file stays as its wazuh-db knows it. Groups that are there are sent to the workers.
 */
export function upgradeSchema({ database, notice }: CommandContext): void {
  if (isUpgraded(database)) return;
  database.transaction(() => {
    database.script(UPGRADE);
    for (const row of database.all("SELECT id, `group` AS groups FROM agent WHERE id > 0 AND `group` IS NOT NULL")) {
      const groups = String(row["groups"]);
      database.run("UPDATE agent SET group_hash = ?, group_sync_status = 'syncreq' WHERE id = ?", hashOfGroups(groups), Number(row["id"]));
    }
  });
  notice(`The agent store's file now has version ${LATER_DB_VERSION}.`);
}
