import { printable } from "../../config/printable.js";

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Which workers are in step, in the words of the log, the metrics and the inspector: a line for each that is not, and
 * with `more` for all of them. Nothing for the nodes of a foreign master, which does not tell.
 *
 * @param steps the items of `muster.cluster:get_steps`; null: the master has no such function
 */
export function stepText(steps: readonly JsonObject[] | null, more: boolean): string {
  if (steps === null) return "";
  const out = steps.filter(({ out_of_step: isOut }) => isOut === true);
  const inStep = steps.filter(({ in_step: isIn }) => isIn === true);
  const others = steps.length - out.length - inStep.length;
  const counts = [`In step: ${String(inStep.length)}`, `out of step: ${String(out.length)}`, ...(others === 0 ? [] : [`not confirmed yet: ${String(others)}`])];
  const shown = more ? steps : out;
  return [`${counts.join(", ")}.`, ...shown.map(lineOf), "", ""].join("\n");
}

function lineOf(step: JsonObject): string {
  const { name, connected, in_step: isIn, out_of_step: isOut, state, unconfirmed_seconds: seconds, last_in_step: last, last_error: error } = step;
  const word = isOut === true ? "out of step" : isIn === true ? "in step" : "not confirmed yet";
  const where = connected === true ? `connected, ${text(state)}` : "not connected";
  const confirmed = last === null ? "never confirmed" : `confirmed ${text(seconds)} s ago`;
  const message = isObject(error) ? `; last error: ${text(error.message)}` : "";
  return `    ${text(name)}: ${word}; ${confirmed}; ${where}${message}`;
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "n/a";
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
