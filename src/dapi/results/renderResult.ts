import type { MusterError } from "../../protocol/errors/MusterError.js";
import { isRecord, type JsonRecord } from "../encoding/values.js";
import type { AffectedItemsResult, ApiResult } from "./ApiResult.js";

/** A result as API clients read it (dapi.md 1.5, render). */
export function renderResult(result: ApiResult): JsonRecord {
  if (result.kind === "result") return { ...(renderValue(result.content) as JsonRecord), error: 0 };
  const { affectedItems, totalAffectedItems, failedItems, more } = result;
  const totalFailed = failedItems.reduce((sum, { ids }) => sum + ids.length, 0);
  return {
    data: {
      affected_items: renderValue(affectedItems),
      total_affected_items: totalAffectedItems,
      total_failed_items: totalFailed,
      failed_items: [...failedItems]
        .sort((one, other) => one.error.code - other.error.code)
        .map(({ error, ids }) => ({
          error: { code: error.code, message: error.message, remediation: error.remediation },
          id: sortedIds(ids),
        })),
      ...(renderValue(more) as JsonRecord),
    },
    message: messageOf(result, totalFailed),
    error: totalFailed === 0 ? 0 : totalAffectedItems === 0 ? 1 : 2,
  };
}

/** An error as API clients read it: a problem document (dapi.md 2, exception). */
export function renderError(error: MusterError): JsonRecord {
  return {
    title: error.title,
    detail: error.message,
    ...(error.remediation === null ? {} : { remediation: error.remediation }),
    ...(Object.keys(error.dapiErrors).length === 0 ? {} : { dapi_errors: error.dapiErrors }),
    error: error.code,
  };
}

function messageOf({ totalAffectedItems, allMessage, someMessage, noneMessage }: AffectedItemsResult, totalFailed: number): string {
  if (totalAffectedItems === 0) return noneMessage;
  return totalFailed === 0 ? allMessage : someMessage;
}

/** Numbers as numbers when all are, else texts. */
function sortedIds(ids: readonly string[]): readonly string[] {
  const numeric = ids.every((id) => /^\d+$/.test(id));
  return [...ids].sort((one, other) => (numeric ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0));
}

/** Datetimes print as `YYYY-MM-DDTHH:MM:SSZ` (dapi.md 2). */
function renderValue(value: unknown): unknown {
  if (value instanceof Date) return `${value.toISOString().slice(0, 19)}Z`;
  if (Array.isArray(value)) return value.map(renderValue);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, renderValue(member)]));
}
