import { WDB_MAX_PAGE_BYTES } from "../wazuhDb/encodeWdbFrame.js";
import { due, ok, rowJson } from "./answers.js";
import type { SqlRow } from "./SqlDatabase.js";

/** `ok [{"id":1},…]`, or `due …` with as many rows as fit a page (dapi.md 6.3); the caller goes on after the last id. */
export function pagedIds(rows: readonly SqlRow[], taken: (id: number) => void = () => undefined): string {
  const parts: string[] = [];
  let bytes = "[]".length;
  for (const row of rows) {
    const json = rowJson(row);
    bytes += json.length + 1;
    if (bytes > WDB_MAX_PAGE_BYTES) return due(`[${parts.join(",")}]`);
    parts.push(json);
    taken(Number(row["id"]));
  }
  return ok(`[${parts.join(",")}]`);
}
