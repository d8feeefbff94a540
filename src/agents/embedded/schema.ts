import { CONNECTION_STATUSES, SYNC_STATUSES } from "../columns.js";
import type { SqlDatabase } from "./SqlDatabase.js";

/** The version of a new global.db, and the one that `upgradeSchema` makes of it (dapi.md 6.4). */
const GLOBAL_DB_VERSION = "2";
export const LATER_DB_VERSION = "7";

/** `last_keepalive` of the manager itself: the last second of the year 9999 (dapi.md 6.4). */
const NEVER_SILENT = 253_402_300_799;

const list = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(", ");

/** The columns of `agent` in front of its statuses. */
export const AGENT_TABLE_COLUMNS = `  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  ip TEXT,
  register_ip TEXT,
  internal_key TEXT,
  os_name TEXT,
  os_version TEXT,
  os_major TEXT,
  os_minor TEXT,
  os_codename TEXT,
  os_build TEXT,
  os_platform TEXT,
  os_uname TEXT,
  os_arch TEXT,
  version TEXT,
  config_sum TEXT,
  merged_sum TEXT,
  manager_host TEXT,
  node_name TEXT DEFAULT 'unknown',
  date_add INTEGER NOT NULL,
  last_keepalive INTEGER,
  \`group\` TEXT DEFAULT 'default'`;

const TABLES = `
CREATE TABLE IF NOT EXISTS agent (
${AGENT_TABLE_COLUMNS},
  sync_status TEXT NOT NULL CHECK (sync_status IN (${list(SYNC_STATUSES)})) DEFAULT 'synced',
  connection_status TEXT NOT NULL CHECK (connection_status IN (${list(CONNECTION_STATUSES)})) DEFAULT 'never_connected'
);
CREATE INDEX IF NOT EXISTS agent_name ON agent (name);
CREATE INDEX IF NOT EXISTS agent_ip ON agent (ip);
CREATE TABLE IF NOT EXISTS labels (id INTEGER, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, key));
CREATE TABLE IF NOT EXISTS info (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS \`group\` (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
CREATE INDEX IF NOT EXISTS group_name ON \`group\` (name);
CREATE TABLE IF NOT EXISTS belongs (id_agent INTEGER, id_group INTEGER, PRIMARY KEY (id_agent, id_group));
CREATE TABLE IF NOT EXISTS metadata (key TEXT PRIMARY KEY, value TEXT);
`;

/**
 * Makes the tables and the first row of a new database, and checks an old one's version (dapi.md 6.4).
 * @param seconds Now, in seconds since the epoch.
 * @throws Error when the file is another version's; it is left as it is.
 */
export function prepareSchema(database: SqlDatabase, seconds: number): void {
  database.transaction(() => {
    const tables = database.all(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('agent', 'metadata')",
    );
    if (tables.length > 0) {
      const version = tables.length === 2 ? storedVersion(database) : null;
      if (version !== GLOBAL_DB_VERSION && version !== LATER_DB_VERSION) {
        throw new Error(
          `its version is ${version ?? "not told"}, and muster works with versions ${GLOBAL_DB_VERSION} and ${LATER_DB_VERSION}; move the file away, or start the wazuh-db that it belongs to`,
        );
      }
      return;
    }
    database.script(TABLES);
    database.run("INSERT INTO metadata (key, value) VALUES ('db_version', ?)", GLOBAL_DB_VERSION);
    database.run(
      "INSERT INTO agent (id, ip, register_ip, name, date_add, last_keepalive, `group`, connection_status) VALUES (0, '127.0.0.1', '127.0.0.1', 'localhost', ?, ?, NULL, 'active')",
      seconds,
      NEVER_SILENT,
    );
  });
}

/** The version that the file tells; null when it tells none. */
export function storedVersion(database: SqlDatabase): string | null {
  const row = database.all("SELECT value FROM metadata WHERE key = 'db_version'")[0];
  return row === undefined ? null : String(row["value"]);
}
