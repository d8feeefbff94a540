import { MusterError } from "../../protocol/errors/MusterError.js";
import { isRecord, type JsonRecord } from "../encoding/values.js";
import { mergeSorted } from "./mergeSorted.js";
import type { AffectedItemsResult, ApiResult, FailedItems, WazuhResult } from "./ApiResult.js";

/** The first of two values that wins, whatever the second says (dapi.md 1.5). */
const LEFT_WINS: ReadonlySet<string> = new Set(["older_than"]);

type Answer = ApiResult | MusterError;

/** Merges the answers of several nodes from left to right: the reference's `|` (dapi.md 1.5). */
export function mergeResults(answers: readonly Answer[]): Answer {
  const [first, ...others] = answers;
  if (first === undefined) return MusterError.internal(1000, "no node answered");
  return others.reduce(mergeTwo, first);
}

function mergeTwo(left: Answer, right: Answer): Answer {
  if (left instanceof MusterError) {
    if (right instanceof MusterError) return mergeErrors(left, right);
    return right.kind === "affectedItems" && isItemError(left) ? withFailed(right, left) : left;
  }
  if (right instanceof MusterError) {
    return left.kind === "affectedItems" && isItemError(right) ? withFailed(left, right) : right;
  }
  if (left.kind === "result" && right.kind === "result") return mergePlain(left, right);
  if (left.kind === "affectedItems" && right.kind === "affectedItems") return mergeItems(left, right);
  return MusterError.internal(1000, "Cannot be merged with a result of another kind");
}

/** An error of single items only makes these fail; any other makes the whole request fail. */
function isItemError(error: MusterError): boolean {
  return error.ids.length > 0;
}

function withFailed(result: AffectedItemsResult, error: MusterError): AffectedItemsResult {
  return { ...result, failedItems: mergeFailed(result.failedItems, [{ error, ids: error.ids }]) };
}

function mergeErrors(left: MusterError, right: MusterError): MusterError {
  return new MusterError(left.errorClass, left.code, {
    extraMessage: left.extraMessage,
    extraRemediation: left.extraRemediation,
    cmdError: left.cmdError,
    title: left.title,
    dapiErrors: { ...left.dapiErrors, ...right.dapiErrors },
    ids: [...new Set([...left.ids, ...right.ids])],
    cause: left,
  });
}

function mergeItems(left: AffectedItemsResult, right: AffectedItemsResult): AffectedItemsResult {
  return {
    ...left,
    affectedItems: mergeSorted(left.affectedItems, right.affectedItems, left),
    totalAffectedItems: left.totalAffectedItems + right.totalAffectedItems,
    failedItems: mergeFailed(left.failedItems, right.failedItems),
    more: mergeRecords(left.more, right.more, null),
  };
}

/** Failures of the same kind are one, with the ids of all of them. */
export function mergeFailed(left: readonly FailedItems[], right: readonly FailedItems[]): readonly FailedItems[] {
  const merged = left.map(({ error, ids }) => ({ error, ids: [...ids] }));
  for (const { error, ids } of right) {
    const same = merged.find((failed) => identityOf(failed.error) === identityOf(error));
    if (same === undefined) merged.push({ error, ids: [...ids] });
    else same.ids = [...new Set([...same.ids, ...ids])];
  }
  return merged;
}

/** What makes two errors one: everything but the items and nodes that they are about (dapi.md 1.5). */
function identityOf({ title, code, extraMessage, extraRemediation, cmdError }: MusterError): string {
  return JSON.stringify([title, code, extraMessage, extraRemediation, cmdError]);
}

function mergePlain(left: WazuhResult, right: WazuhResult): WazuhResult {
  return { ...left, content: mergeRecords(left.content, right.content, left.strPriority) };
}

function mergeRecords(left: JsonRecord, right: JsonRecord, strPriority: readonly string[] | null): JsonRecord {
  const merged = new Map(Object.entries(left));
  for (const [name, value] of Object.entries(right)) {
    const own = merged.get(name);
    if (!merged.has(name)) merged.set(name, value);
    else if (!LEFT_WINS.has(name)) merged.set(name, mergeValues(own, value, strPriority));
  }
  return Object.fromEntries(merged);
}

function mergeValues(left: unknown, right: unknown, strPriority: readonly string[] | null): unknown {
  if (isRecord(left) && isRecord(right)) return mergeRecords(left, right, strPriority);
  if (Array.isArray(left) && Array.isArray(right)) {
    const seen = new Set(left.map((item) => JSON.stringify(item)));
    return [...(left as unknown[]), ...(right as unknown[]).filter((item) => !seen.has(JSON.stringify(item)))];
  }
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (typeof left === "string" && typeof right === "string") {
    if (left === right) return left;
    const winner = strPriority?.find((text) => text === left || text === right);
    return winner ?? `${left}|${right}`;
  }
  return left;
}
