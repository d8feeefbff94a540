import { encodeException, exceptionFromJson, exceptionObject } from "../../protocol/errors/exceptionJson.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import { affectedItems, wazuhResult, type AffectedItemsResult, type ApiResult, type FailedItems } from "../results/ApiResult.js";
import { decodeValue, encodeValue, isRecord, undecodable, type JsonRecord } from "./values.js";

const CASTS = ["int", "float", "str", "bool"] as const;

/** A result, or an error in its place, as it travels (dapi.md 2, results). */
export function encodeResult(result: ApiResult | MusterError): string {
  if (result instanceof MusterError) return encodeException(result);
  const body =
    result.kind === "result"
      ? { __class__: "WazuhResult", __object__: { str_priority: result.strPriority, result: encodeValue(result.content) } }
      : { __class__: "AffectedItemsWazuhResult", __object__: affectedItemsObject(result) };
  return stringifyPython({ __wazuh_result__: body });
}

/**
 * Reads a result, or an error, of another node (dapi.md 1.2: result handling). A text that is no JSON is
 * a result with that message; an object without a marker is the result itself.
 *
 * @throws MusterError 1000 for a marker object of another form
 */
export function decodeResult(text: string): ApiResult | MusterError {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return wazuhResult({ message: text });
  }
  if (!isRecord(json)) return wazuhResult({ message: text });
  if (Object.hasOwn(json, "__wazuh_exception__")) return exceptionFromJson(json) ?? undecodable("an exception of an unknown class");
  if (!Object.hasOwn(json, "__wazuh_result__")) return wazuhResult(decodeValue(json) as JsonRecord);
  const marker = json.__wazuh_result__;
  const object = isRecord(marker) ? marker.__object__ : undefined;
  if (!isRecord(marker) || !isRecord(object)) throw undecodable("a result without its object");
  if (marker.__class__ === "WazuhResult") {
    const { result, str_priority: strPriority } = object;
    if (!isRecord(result)) throw undecodable("a result without its content");
    return wazuhResult(decodeValue(result) as JsonRecord, textsOrNull(strPriority));
  }
  if (marker.__class__ === "AffectedItemsWazuhResult") return decodeAffectedItems(object);
  throw undecodable("a result of an unknown class");
}

function affectedItemsObject(result: AffectedItemsResult): JsonRecord {
  const { failedItems } = result;
  return {
    affected_items: encodeValue(result.affectedItems),
    sort_fields: result.sortFields,
    sort_casting: result.sortCasting,
    sort_ascending: result.sortAscending,
    total_affected_items: result.totalAffectedItems,
    total_failed_items: failedItems.reduce((sum, { ids }) => sum + ids.length, 0),
    dikt: encodeValue(result.more),
    all_msg: result.allMessage,
    some_msg: result.someMessage,
    none_msg: result.noneMessage,
    failed_items_keys: failedItems.map(({ error }) => ({ __object__: exceptionObject(error), __class__: error.errorClass })),
    failed_items_values: failedItems.map(({ ids }) => ids),
  };
}

function decodeAffectedItems(object: JsonRecord): AffectedItemsResult {
  const items = object.affected_items;
  if (!Array.isArray(items)) throw undecodable("affected_items that are no list");
  const total = object.total_affected_items;
  return affectedItems({
    affectedItems: decodeValue(items) as unknown[],
    totalAffectedItems: typeof total === "number" && Number.isSafeInteger(total) && total >= 0 ? total : items.length,
    failedItems: decodeFailedItems(object.failed_items_keys, object.failed_items_values),
    sortFields: textsOrNull(object.sort_fields),
    sortCasting: castsOf(object.sort_casting),
    sortAscending: flagsOf(object.sort_ascending),
    allMessage: textOf(object.all_msg),
    someMessage: textOf(object.some_msg),
    noneMessage: textOf(object.none_msg),
    more: isRecord(object.dikt) ? (decodeValue(object.dikt) as JsonRecord) : {},
  });
}

function decodeFailedItems(keys: unknown, values: unknown): readonly FailedItems[] {
  if (!Array.isArray(keys) || !Array.isArray(values) || keys.length !== values.length) {
    if (keys === undefined && values === undefined) return [];
    throw undecodable("failed items without their ids");
  }
  return keys.map((key: unknown, at) => ({
    error: exceptionFromJson({ __wazuh_exception__: key }) ?? undecodable("a failed item of an unknown class"),
    ids: textsOrNull(values[at]) ?? [],
  }));
}

/** Only the casts that are known: a name from the wire chooses nothing else (dapi.md 1.5). */
function castsOf(value: unknown): AffectedItemsResult["sortCasting"] {
  if (!Array.isArray(value)) return ["int"];
  return value.map((name: unknown) => {
    const cast = CASTS.find((known) => known === name);
    if (cast === undefined) throw MusterError.internal(1000, `Invalid sort_casting type '${String(name)}'. Allowed types: bool, float, int, str`);
    return cast;
  });
}

function flagsOf(value: unknown): readonly boolean[] {
  return Array.isArray(value) ? value.map((flag) => flag === true) : [true];
}

function textsOrNull(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value) && value.every((text): text is string => typeof text === "string")) return value;
  throw undecodable("a list that should hold texts");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
