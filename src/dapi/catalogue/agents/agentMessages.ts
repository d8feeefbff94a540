import type { Messages } from "../ruleset/answerOf.js";

/** What functions that give agents say of them (dapi.md 3.3). */
export const AGENTS_MESSAGES: Messages = Object.freeze({
  allMessage: "All selected agents information was returned",
  someMessage: "Some agents information was not returned",
  noneMessage: "No agent information was returned",
});
