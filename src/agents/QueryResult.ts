import type { CallOptions } from "./CallOptions.js";
import type { WdbValue } from "./wazuhDb/decodeWdbJson.js";

export interface QueryOptions extends CallOptions {
  /** Also ask for the number of rows before a select's own limit. Costs nothing more. */
  readonly count?: boolean;
}

/** What a statement gave. */
export interface QueryResult {
  /** A select's rows; none for delete and update. */
  readonly rows: readonly Readonly<Record<string, WdbValue>>[];
  /** Rows that the select has without its limit and offset; the number itself for `select count(…)`. */
  readonly total: number;
}
