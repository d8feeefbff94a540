import { SYNC_COLUMNS } from "../../columns.js";
import { WDB_MAX_PAGE_BYTES } from "../../wazuhDb/encodeWdbFrame.js";
import { due, err, ok, rowJson } from "../answers.js";
import type { CommandContext, GlobalCommand } from "../CommandContext.js";
import type { SqlRow } from "../SqlDatabase.js";

const SELECT_AGENTS = `SELECT ${SYNC_COLUMNS.join(", ")} FROM agent WHERE id > ? AND sync_status = 'syncreq' ORDER BY id LIMIT 100`;
const SELECT_LABELS = "SELECT id, key, value FROM labels WHERE id = ? ORDER BY key";
const MARK_SYNCED = "UPDATE agent SET sync_status = 'synced' WHERE id = ?";

/**
 * `sync-agent-info-get [last_id n]`: agents that wait to be sent, as many as fit a page, marked as sent
 * (dapi.md 6.3). Repeated while it answers `due`; the position is kept between the calls. An agent that fits no
 * page keeps waiting, and the log is told.
 */
export const agentInfoGet: GlobalCommand = (argument, context) => {
  const lastId = readLastId(argument);
  if (lastId === undefined) return err("Invalid arguments 'last_id' not found");
  const { cursors } = context;
  try {
    const page = context.database.transaction(() => collectPage(lastId ?? cursors.agentInfo, context));
    cursors.agentInfo = page.isLast ? 0 : page.lastId;
    return page.isLast ? ok(page.payload) : due(page.payload);
  } catch (error) {
    cursors.agentInfo = 0;
    throw error;
  }
};

/** The id behind `last_id`; null when there is no argument, undefined when it is of another form. */
function readLastId(argument: string | null): number | null | undefined {
  const text = argument?.trim() ?? "";
  if (text === "") return null;
  const found = /^last_id (\d{1,15})$/.exec(text);
  return found === null ? undefined : Number(found[1]);
}

interface Page {
  readonly payload: string;
  readonly lastId: number;
  readonly isLast: boolean;
}

function collectPage(from: number, context: CommandContext): Page {
  const parts: string[] = [];
  let bytes = "[]".length;
  let lastId = from;
  let position = from;
  for (;;) {
    const rows = context.database.all(SELECT_AGENTS, position);
    for (const row of rows) {
      const id = Number(row["id"]);
      const json = agentJson(row, context);
      const size = Buffer.byteLength(json, "utf8") + 1;
      if ("[]".length + size > WDB_MAX_PAGE_BYTES) {
        context.notice(
          `Agent ${id} has ${size} bytes of information and labels, too many to be sent; remove some of its labels.`,
        );
      } else if (bytes + size > WDB_MAX_PAGE_BYTES) {
        return { payload: `[${parts.join(",")}]`, lastId, isLast: false };
      } else {
        parts.push(json);
        bytes += size;
        context.database.run(MARK_SYNCED, id);
      }
      lastId = id;
      position = id;
    }
    if (rows.length === 0) return { payload: `[${parts.join(",")}]`, lastId, isLast: true };
  }
}

function agentJson(row: SqlRow, context: CommandContext): string {
  const json = rowJson(row);
  const labels = context.database.all(SELECT_LABELS, Number(row["id"]));
  return labels.length === 0 ? json : `${json.slice(0, -1)},"labels":[${labels.map(rowJson).join(",")}]}`;
}
