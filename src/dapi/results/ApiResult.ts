import type { MusterError } from "../../protocol/errors/MusterError.js";

/** A plain result (dapi.md 2, results): its JSON, and which texts win when two are merged. */
export interface WazuhResult {
  readonly kind: "result";
  readonly strPriority: readonly string[] | null;
  /** JSON values; a Date is a datetime. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** Items that failed, with the error that they share. */
export interface FailedItems {
  readonly error: MusterError;
  readonly ids: readonly string[];
}

/** A result of items (dapi.md 2, results). JSON values; a Date is a datetime. */
export interface AffectedItemsResult {
  readonly kind: "affectedItems";
  readonly affectedItems: readonly unknown[];
  /** Before pagination. */
  readonly totalAffectedItems: number;
  readonly failedItems: readonly FailedItems[];
  readonly sortFields: readonly string[] | null;
  readonly sortCasting: readonly ("int" | "float" | "str" | "bool")[];
  readonly sortAscending: readonly boolean[];
  readonly allMessage: string;
  readonly someMessage: string;
  readonly noneMessage: string;
  /** Further members of the result's data (`dikt`), for example `older_than`. */
  readonly more: Readonly<Record<string, unknown>>;
}

export type ApiResult = WazuhResult | AffectedItemsResult;

/** A result of items with the usual defaults. */
export function affectedItems(
  result: Pick<AffectedItemsResult, "affectedItems" | "allMessage" | "someMessage" | "noneMessage"> & Partial<AffectedItemsResult>,
): AffectedItemsResult {
  return {
    kind: "affectedItems",
    totalAffectedItems: result.affectedItems.length,
    failedItems: [],
    sortFields: null,
    sortCasting: ["int"],
    sortAscending: [true],
    more: {},
    ...result,
  };
}

/** A plain result. */
export function wazuhResult(content: WazuhResult["content"], strPriority: WazuhResult["strPriority"] = null): WazuhResult {
  return { kind: "result", strPriority, content };
}
