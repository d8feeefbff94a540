import { SYNC_STATUSES } from "../../columns.js";
import { err, ok, rowsAnswer, syntaxError } from "../answers.js";
import type { GlobalCommand } from "../CommandContext.js";
import { pagedIds } from "../pagedIds.js";
import { readNumber, readWords } from "../readArguments.js";

/** Rows read at once; more than a page holds (dapi.md 6.1). */
const ROWS = 10_000;

/** `get-all-agents last_id <n>`: ids above n (dapi.md 6.3). */
export const getAllAgents: GlobalCommand = (argument, { database }) => {
  const [word, text] = readWords(argument);
  const lastId = word === "last_id" ? readNumber(text) : null;
  if (lastId === null) return err("Invalid arguments 'last_id' not found");
  return pagedIds(database.all("SELECT id FROM agent WHERE id > ? ORDER BY id LIMIT ?", lastId, ROWS));
};

/** `get-agents-by-connection-status <last id> <status>`. */
export const getAgentsByConnectionStatus: GlobalCommand = (argument, { database }) => {
  const [text, status] = readWords(argument);
  const lastId = readNumber(text);
  if (lastId === null) return err("Invalid arguments 'last_id' not found");
  if (status === undefined) return err("Invalid arguments 'connection_status' not found");
  const select = "SELECT id FROM agent WHERE id > ? AND connection_status = ? ORDER BY id LIMIT ?";
  return pagedIds(database.all(select, lastId, status, ROWS));
};

/** `disconnect-agents <last id> <keepalive> <sync status>`: active agents silent since then become disconnected. */
export const disconnectAgents: GlobalCommand = (argument, { database }) => {
  const [text, keepaliveText, syncStatus] = readWords(argument);
  const lastId = readNumber(text);
  const keepalive = readNumber(keepaliveText);
  if (lastId === null) return err("Invalid arguments last id not found");
  if (keepalive === null) return err("Invalid arguments keepalive not found");
  if (!isOneOf(SYNC_STATUSES, syncStatus)) return err("Invalid arguments sync_status not found");
  return database.transaction(() => {
    const rows = database.all(
      "SELECT id FROM agent WHERE id > ? AND connection_status = 'active' AND last_keepalive < ? ORDER BY id LIMIT ?",
      lastId,
      keepalive,
      ROWS,
    );
    return pagedIds(rows, (id) => {
      database.run("UPDATE agent SET connection_status = 'disconnected', sync_status = ? WHERE id = ?", syncStatus, id);
    });
  });
};

/** `reset-agents-connection <sync status>`: no agent is active or pending any more. */
export const resetAgentsConnection: GlobalCommand = (argument, { database }) => {
  const [syncStatus] = readWords(argument);
  if (!isOneOf(SYNC_STATUSES, syncStatus)) return syntaxError("reset-agents-connection");
  database.run(
    "UPDATE agent SET connection_status = 'disconnected', sync_status = ? WHERE connection_status NOT IN ('disconnected', 'never_connected') AND id != 0",
    syncStatus,
  );
  return ok();
};

/** `get-agent-info <id>`: the whole row (dapi.md 6.3). */
export const getAgentInfo: GlobalCommand = (argument, { database }) => {
  const id = readNumber(argument?.trim());
  if (id === null) return syntaxError("get-agent-info");
  return rowsAnswer(database.all("SELECT * FROM agent WHERE id = ?", id));
};

function isOneOf<T extends string>(words: readonly T[], word: string | undefined): word is T {
  return words.some((known) => known === word);
}
