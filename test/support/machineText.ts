import { MusterError } from "../../src/protocol/errors/MusterError.js";

/** The wall time at which every machine run begins. */
export const RUN_EPOCH = Date.UTC(2026, 0, 1);

/** A longer text than this is told by its length. */
const LONGEST_TEXT = 400;

/** What no snapshot shows of a context: the exception's JSON repeats the code and message next to it. */
const HIDDEN = new Set(["exception"]);

/** One value on one line. Wall times read as `+12.5s` since the run began, errors as their code and text. */
export function valueText(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof MusterError) return `<${value.toString()}>`;
  if (value instanceof Error) return `<${value.name}: ${value.message}>`;
  if (typeof value === "number" && value >= RUN_EPOCH) return `+${String((value - RUN_EPOCH) / 1000)}s`;
  if (typeof value === "string" && value.startsWith('{"__wazuh_exception__"')) return exceptionText(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${key}: ${valueText(member)}`);
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }
  if (typeof value === "string" && value.length > LONGEST_TEXT) return `<${String(value.length)} characters>`;
  return JSON.stringify(value);
}

/** The members of an event or of an action's parameters, `type` left out. */
export function membersText(value: object): string {
  return Object.entries(value)
    .filter(([key]) => key !== "type")
    .map(([key, member]) => `${key}=${valueText(member)}`)
    .join(" ");
}

/** An event on one line: its type, its members. */
export function eventText(event: { readonly type: string }): string {
  const members = membersText(event);
  return members === "" ? event.type : `${event.type} ${members}`;
}

/** A state value on one line: `awaitingVerdict.undecided`. */
export function stateText(value: unknown): string {
  if (typeof value === "string") return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([parent, child]) => `${parent}.${stateText(child)}`)
    .join(" + ");
}

/** A context as `path → text`, without the keys of the machine's input, functions and repetitions. */
export function contextLines(context: object, input: object): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  const visit = (path: string, value: unknown): void => {
    const isPlain = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Error);
    if (!isPlain || Object.keys(value).length === 0) {
      if (typeof value !== "function") lines.set(path, valueText(value));
      return;
    }
    for (const [key, member] of Object.entries(value)) if (!HIDDEN.has(key)) visit(`${path}.${key}`, member);
  };
  for (const [key, value] of Object.entries(context)) if (!(key in input)) visit(key, value);
  return lines;
}

/** What differs between two contexts, as `path = text`; a path that is gone reads `path is gone`. */
export function changedLines(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const changes: string[] = [];
  for (const [path, text] of after) if (before.get(path) !== text) changes.push(`${path} = ${text}`);
  for (const path of before.keys()) {
    const isReplaced = [...after.keys()].some((other) => other.startsWith(`${path}.`) || path.startsWith(`${other}.`));
    if (!after.has(path) && !isReplaced) changes.push(`${path} is gone`);
  }
  return changes;
}

function exceptionText(text: string): string {
  const parsed = JSON.parse(text) as {
    __wazuh_exception__: { __class__: string; __object__: { code: number; extra_message: unknown } };
  };
  const { __class__: name, __object__: object } = parsed.__wazuh_exception__;
  return `<${name} ${String(object.code)} ${valueText(object.extra_message)}>`;
}
