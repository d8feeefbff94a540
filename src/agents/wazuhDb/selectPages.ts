import { AgentStoreError } from "../AgentStoreError.js";
import { decodeWdbRows, type WdbValue } from "./decodeWdbJson.js";
import { expectWdbSuccess } from "./parseWdbAnswer.js";

/** Rows asked for at first; the number then follows the answers' size (dapi.md 6.2). */
export const FIRST_SLICE_ROWS = 500;
/** After an answer shorter than this, twice as many rows are asked for. */
const SMALL_ANSWER_BYTES = 32_768;

type Row = Readonly<Record<string, WdbValue>>;
type Send = (request: string) => Promise<string>;

/**
 * Reads all rows of a select, in slices that fit wazuh-db's buffer (dapi.md 6.2).
 * @param prefix `global sql` or another.
 * @param send Gives one answer, or fails with 2009 when it was cut off.
 * @throws AgentStoreError 2009 when a single row does not fit; what `send` throws; 2003, 2006, 2007.
 */
export async function selectPages(
  prefix: string,
  statement: string,
  send: Send,
): Promise<{ rows: Row[]; total: number }> {
  const { core, limit, offset } = cutLimit(statement);
  if (/^select\s+count\s*\(/.test(core)) {
    const total = firstNumber(await rowsOf(send, `${prefix} ${core}`));
    return { rows: [], total };
  }
  const total = firstNumber(await rowsOf(send, `${prefix} ${countStatement(core)}`));
  const wanted = Math.max(0, Math.min(limit ?? total, total - offset));
  const rows: Row[] = [];
  let step = Math.min(FIRST_SLICE_ROWS, limit ?? FIRST_SLICE_ROWS);
  while (rows.length < wanted) {
    const count = Math.min(step, wanted - rows.length);
    const answer = await sendUnlessTooLarge(send, `${prefix} ${core} limit ${count} offset ${offset + rows.length}`);
    if (answer === null) {
      if (count === 1) throw new AgentStoreError(2009, `row ${offset + rows.length} alone does not fit`);
      step = Math.floor(count / 2);
      continue;
    }
    const slice = decodeWdbRows(expectWdbSuccess(answer).payload);
    // Rows may vanish between two slices; an empty one would be asked for again for ever.
    if (slice.length === 0) break;
    rows.push(...slice);
    if (Buffer.byteLength(answer, "utf8") < SMALL_ANSWER_BYTES) step *= 2;
  }
  return { rows, total };
}

/** The answer, or null when it was cut off at the store's buffer. */
async function sendUnlessTooLarge(send: Send, request: string): Promise<string | null> {
  try {
    return await send(request);
  } catch (error) {
    if (error instanceof AgentStoreError && error.code === 2009) return null;
    throw error;
  }
}

/** Takes `limit n [offset m]` from a statement's end. */
function cutLimit(statement: string): { core: string; limit: number | null; offset: number } {
  const found = /\s+limit\s+(\d+)(?:\s+offset\s+(\d+))?\s*$/.exec(statement);
  if (found === null) return { core: statement.trim(), limit: null, offset: 0 };
  return { core: statement.slice(0, found.index).trim(), limit: Number(found[1]), offset: Number(found[2] ?? 0) };
}

/** The statement that counts a select's rows. */
export function countStatement(select: string): string {
  const plain = select.replaceAll(/'[^']*'/g, (quoted) => "_".repeat(quoted.length));
  const from = topLevelFrom(plain);
  // With these words the number of rows is not the number that count(*) in the select list would give.
  if (from < 0 || /\b(?:group\s+by|distinct|union|intersect|except)\b/.test(plain))
    return `select count(*) from (${select})`;
  return `select count(*)${select.slice(from)}`;
}

/** Where ` from ` stands outside parentheses; -1 when nowhere. */
function topLevelFrom(select: string): number {
  let depth = 0;
  for (let index = 0; index < select.length; index += 1) {
    if (select[index] === "(") depth += 1;
    else if (select[index] === ")") depth -= 1;
    else if (depth === 0 && select.startsWith(" from ", index)) return index;
  }
  return -1;
}

async function rowsOf(send: Send, request: string): Promise<Row[]> {
  return decodeWdbRows(expectWdbSuccess(await send(request)).payload);
}

function firstNumber(rows: readonly Row[]): number {
  const value = rows[0] === undefined ? 0 : Object.values(rows[0])[0];
  if (typeof value !== "number")
    throw new AgentStoreError(2006, `expected a number of rows, got ${JSON.stringify(value)}`);
  return value;
}
