import { CONNECTION_STATUSES, SYNC_STATUSES } from "../columns.js";
import type { AgentLabel } from "../NewAgent.js";
import type { FieldKind } from "./agentFields.js";

/** Characters of a text at most; far more than any agent has, and little enough for wazuh-db's buffer. */
const TEXT_CHARACTERS = 4096;
const NAME_CHARACTERS = 128;
/** The year 9999's end, which global.db uses for "always" (dapi.md 6.4). */
const LATEST_SECONDS = 253_402_300_799;

/** A field's value as the store takes it, or what is wrong with it. */
export type FieldReading = { readonly value: unknown } | { readonly problem: string };

/** Reads one value by its field's kind. */
export function readFieldValue(kind: FieldKind, value: unknown): FieldReading {
  switch (kind) {
    case "name":
      return readName(value);
    case "text":
      return readText(value);
    case "time":
      return readTime(value);
    case "status":
      return readWord(value, CONNECTION_STATUSES);
    case "syncStatus":
      return readWord(value, SYNC_STATUSES);
    case "groups":
      return readGroups(value);
    case "labels":
      return readLabels(value);
  }
}

function readName(value: unknown): FieldReading {
  const isName =
    typeof value === "string" && /^[^\s!#][^\s]*$/u.test(value) && value.length <= NAME_CHARACTERS && isClean(value);
  return isName
    ? { value }
    : { problem: `expected a name of 1 to ${NAME_CHARACTERS} characters without spaces, not beginning with ! or #` };
}

function readText(value: unknown): FieldReading {
  if (value === null) return { value };
  const text = typeof value === "number" && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== "string") return { problem: "expected a text" };
  if (text.length > TEXT_CHARACTERS)
    return { problem: `expected at most ${TEXT_CHARACTERS} characters, got ${text.length}` };
  return isClean(text) ? { value: text } : { problem: "expected a text without control characters" };
}

/** Seconds since the epoch, or an instant as the API writes it (dapi.md 2). */
function readTime(value: unknown): FieldReading {
  const problem = "expected seconds since the epoch, or an instant such as 2021-06-01T10:00:00Z";
  if (value === null) return { value };
  if (typeof value === "string") {
    const found = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|\+00:00)?$/.exec(value);
    const instant = found === null ? NaN : Date.parse(`${found[1]}T${found[2]}Z`);
    return Number.isNaN(instant) ? { problem } : { value: Math.floor(instant / 1000) };
  }
  const isTime = typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= LATEST_SECONDS;
  return isTime ? { value } : { problem };
}

function readWord(value: unknown, words: readonly string[]): FieldReading {
  return typeof value === "string" && words.includes(value)
    ? { value }
    : { problem: `expected one of ${words.join(", ")}` };
}

/** A list of names, or one text with commas between them. */
function readGroups(value: unknown): FieldReading {
  const problem = "expected group names of letters, digits, '.', '_' and '-', each once";
  if (value === null || value === "") return { value: [] };
  const names: unknown = typeof value === "string" ? value.split(",").map((name) => name.trim()) : value;
  if (!Array.isArray(names) || !names.every(isGroupName)) return { problem };
  return new Set(names).size === names.length ? { value: names } : { problem };
}

function isGroupName(name: unknown): boolean {
  return typeof name === "string" && /^[A-Za-z0-9._-]{1,128}$/.test(name) && name !== "." && name !== "..";
}

/** A list of objects with key and value, or one object whose members are the labels. */
function readLabels(value: unknown): FieldReading {
  const problem = `expected a list of {"key", "value"} or an object of texts, each key once`;
  if (typeof value !== "object" || value === null) return { problem };
  const pairs: readonly unknown[][] = Array.isArray(value) ? value.map(pairOf) : Object.entries(value);
  const labels: AgentLabel[] = [];
  for (const [key, text] of pairs) {
    if (typeof key !== "string" || key === "" || typeof text !== "string") return { problem };
    if (key.length + text.length > TEXT_CHARACTERS || !isClean(key) || !isClean(text)) return { problem };
    labels.push({ key, value: text });
  }
  return new Set(labels.map(({ key }) => key)).size === labels.length ? { value: labels } : { problem };
}

function pairOf(label: unknown): unknown[] {
  if (typeof label !== "object" || label === null || !("key" in label) || !("value" in label)) return [];
  return [label.key, label.value];
}

/** No control characters, no halves of a character: these texts are shown on terminals and pass through line formats. */
function isClean(text: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(text);
}
