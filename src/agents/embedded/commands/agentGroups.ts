import { WDB_MAX_PAGE_BYTES } from "../../wazuhDb/encodeWdbFrame.js";
import { due, err, jsonDataError, jsonError, ok, syntaxError } from "../answers.js";
import type { CommandContext, GlobalCommand } from "../CommandContext.js";
import { globalGroupHash, hashOfGroups } from "../groupHash.js";
import { isObject, parseJson } from "../json.js";
import { upgradeSchema } from "../schemaUpgrade.js";
import { setGroups } from "../setGroups.js";
import type { SqlRow } from "../SqlDatabase.js";

/** Digits of a SHA-1 in hexadecimal. */
const HASH_DIGITS = 40;
/** Room for the hash and what surrounds the page's list. */
const PAGE_FRAME_BYTES = 80;
/** Agents of one `set-agent-groups` at most: more would not fit a request. */
const MAX_AGENTS = 10_000;

const MODES = ["override", "append", "empty_only", "remove"] as const;
type Mode = (typeof MODES)[number];

/**
 * `sync-agent-groups-get {condition, last_id?, set_synced?, get_global_hash?}`: agents with their groups, as many as
 * fit a page: those that wait to be sent, or all (dapi.md 6.3). `due`: there are more.
 */
export const syncAgentGroupsGet: GlobalCommand = (argument, context) => {
  const options = parseJson(argument ?? "");
  if (!isObject(options)) return jsonError(argument ?? "");
  const { condition = "sync_status", last_id: lastId = 0, set_synced: setSynced = false, get_global_hash: withHash = false } = options;
  if ((condition !== "sync_status" && condition !== "all") || !isId(lastId) || typeof setSynced !== "boolean" || typeof withHash !== "boolean") {
    return jsonDataError(argument ?? "");
  }
  upgradeSchema(context);
  const { database } = context;
  return database.transaction(() => {
    const where = condition === "all" ? "" : " AND group_sync_status = 'syncreq'";
    const rows = database.all(`SELECT id, \`group\` AS groups FROM agent WHERE id > ?${where} ORDER BY id`, lastId);
    const page: string[] = [];
    let bytes = PAGE_FRAME_BYTES;
    for (const row of rows) {
      const json = agentJson(row);
      bytes += Buffer.byteLength(json) + 1;
      if (bytes > WDB_MAX_PAGE_BYTES) break;
      page.push(json);
      if (setSynced) database.run("UPDATE agent SET group_sync_status = 'synced' WHERE id = ?", Number(row["id"]));
    }
    const hash = withHash ? `,"hash":${JSON.stringify(globalGroupHash(database))}` : "";
    const payload = `[{"data":[${page.join(",")}]${hash}}]`;
    return page.length < rows.length && page.length > 0 ? due(payload) : ok(payload);
  });
};

/** `set-agent-groups {mode, sync_status?, data: [{id, groups}]}` (dapi.md 6.3). Of unknown agents the caller is told. */
export const setAgentGroups: GlobalCommand = (argument, context) => {
  const options = parseJson(argument ?? "");
  if (!isObject(options)) return jsonError(argument ?? "");
  const { mode, sync_status: syncStatus = "synced", data } = options;
  const isComplete = typeof mode === "string" && (syncStatus === "synced" || syncStatus === "syncreq") && Array.isArray(data);
  if (!isComplete) return err("Invalid JSON data, missing required fields");
  if (!isMode(mode)) return err(`Invalid mode '${mode.slice(0, 32)}' in set_agent_groups command`);
  const agents = data.map(readAgent);
  if (agents.length > MAX_AGENTS || !agents.every((agent) => agent !== null)) return err("Invalid JSON data, missing required fields");
  upgradeSchema(context);
  const unknown = context.database.transaction(() => agents.filter((agent) => !applyTo(agent, mode, syncStatus, context)));
  return unknown.length === 0 ? ok() : err("Cannot execute Global database query; FOREIGN KEY constraint failed");
};

/** `get-groups-integrity <sha1>`: how these groups and the asker's compare (dapi.md 6.3). */
export const getGroupsIntegrity: GlobalCommand = (argument, context) => {
  const theirs = argument?.trim() ?? "";
  if (theirs === "") return syntaxError("get-groups-integrity");
  if (theirs.length !== HASH_DIGITS) {
    return err(`Hash hex-digest does not have the expected length. Expected (${HASH_DIGITS}) got (${theirs.length})`);
  }
  upgradeSchema(context);
  const { database } = context;
  if (database.all("SELECT 1 FROM agent WHERE id > 0 AND group_sync_status = 'syncreq' LIMIT 1").length > 0) return ok('["syncreq"]');
  return ok(globalGroupHash(database) === theirs ? '["synced"]' : '["hash_mismatch"]');
};

/** `recalculate-agent-group-hashes`: every agent's hash out of its groups. */
export const recalculateAgentGroupHashes: GlobalCommand = (_argument, context) => {
  upgradeSchema(context);
  const { database } = context;
  database.transaction(() => {
    for (const row of database.all("SELECT id, `group` AS groups FROM agent WHERE id > 0")) {
      const groups = row["groups"] === null ? null : String(row["groups"]);
      database.run("UPDATE agent SET group_hash = ? WHERE id = ?", hashOfGroups(groups), Number(row["id"]));
    }
  });
  return ok();
};

interface AgentGroups {
  readonly id: number;
  readonly groups: readonly string[];
}

/** False when there is no such agent. */
function applyTo({ id, groups }: AgentGroups, mode: Mode, syncStatus: "synced" | "syncreq", { database }: CommandContext): boolean {
  const row = database.all("SELECT `group` AS groups FROM agent WHERE id = ?", id)[0];
  if (row === undefined) return false;
  const present = groupsOf(row);
  if (mode === "override") setGroups(database, id, groups, syncStatus);
  else if (mode === "append") setGroups(database, id, [...present, ...groups.filter((name) => !present.includes(name))], syncStatus);
  else if (mode === "remove") setGroups(database, id, present.filter((name) => !groups.includes(name)), syncStatus);
  else if (present.length === 0) setGroups(database, id, groups, syncStatus);
  return true;
}

function readAgent(value: unknown): AgentGroups | null {
  if (!isObject(value) || !isId(value["id"]) || value["id"] === 0) return null;
  const groups = value["groups"] ?? [];
  if (!Array.isArray(groups) || !groups.every((name) => typeof name === "string" && name !== "" && !name.includes(","))) return null;
  return { id: value["id"], groups: [...new Set(groups as string[])] };
}

function agentJson(row: SqlRow): string {
  return JSON.stringify({ id: row["id"], groups: groupsOf(row) });
}

function groupsOf(row: SqlRow): string[] {
  return typeof row["groups"] === "string" && row["groups"] !== "" ? row["groups"].split(",") : [];
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isMode(mode: string): mode is Mode {
  return (MODES as readonly string[]).includes(mode);
}
