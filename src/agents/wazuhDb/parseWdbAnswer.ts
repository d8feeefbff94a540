import { AgentStoreError } from "../AgentStoreError.js";

/** The words an answer can begin with (dapi.md 6.1). */
const STATUSES = ["ok", "due", "err", "ign", "unk"] as const;
export type WdbStatus = (typeof STATUSES)[number];

export interface WdbAnswer {
  readonly status: WdbStatus;
  /** What follows the status and one space; empty when nothing does. */
  readonly payload: string;
}

/**
 * Takes an answer apart: `<status>[ <payload>]` (dapi.md 6.1).
 * @throws AgentStoreError 2007 when it begins with no known status.
 */
export function parseWdbAnswer(text: string): WdbAnswer {
  const space = text.indexOf(" ");
  const word = space < 0 ? text : text.slice(0, space);
  const status = STATUSES.find((known) => known === word);
  if (status === undefined) {
    throw new AgentStoreError(2007, `an answer begins with none of ${STATUSES.join(", ")}: '${text.slice(0, 32)}'`);
  }
  return { status, payload: space < 0 ? "" : text.slice(space + 1) };
}

/**
 * The answer when it is a good one.
 * @throws AgentStoreError 2003 for `err`, with the store's text; 2007 for `ign` and `unk`.
 */
export function expectWdbSuccess(text: string): WdbAnswer & { readonly status: "ok" | "due" } {
  const { status, payload } = parseWdbAnswer(text);
  if (status === "err") throw new AgentStoreError(2003, payload);
  if (status === "ign" || status === "unk") {
    throw new AgentStoreError(2007, `the store answered '${status}${payload === "" ? "" : ` ${payload}`}'`);
  }
  return { status, payload };
}
