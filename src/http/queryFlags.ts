import { MusterError } from "../protocol/errors/MusterError.js";

/** The value of a yes-or-no parameter: `true`, `false`, or the name alone, which means true. @throws MusterError 1104 */
export function flagOf(name: string, text: unknown): boolean {
  if (text === undefined || text === "false") return false;
  if (text === "true" || text === "") return true;
  throw MusterError.user(1104, `${name} must be true or false`);
}

/** Whether the answer is wanted as bare text. */
export function wantsText(query: Readonly<Record<string, unknown>>): boolean {
  return flagOf("raw", query.raw);
}
