import { err, rowsAnswer, syntaxError } from "../answers.js";
import type { GlobalCommand } from "../CommandContext.js";

/** The words that a statement may begin with (dapi.md 6.2). */
const ALLOWED = /^\s*(?:select|delete|update)\b/i;

/**
 * `sql <statement>`: one select, delete or update of a local caller (dapi.md 6.2). Answers the rows without their
 * NULL columns; cut off at the buffer's size when they are too many. Nothing from a peer comes here.
 */
export const sql: GlobalCommand = (argument, context) => {
  const statement = argument ?? "";
  if (statement.trim() === "") return syntaxError("sql");
  if (!ALLOWED.test(statement)) {
    return err("Cannot execute Global database query; only select, delete and update are allowed");
  }
  // SQLite would run the first statement and leave the rest out without a word.
  if (statement.includes(";")) {
    return err("Cannot execute Global database query; found a not valid symbol: ;");
  }
  return rowsAnswer(context.database.once(statement));
};
