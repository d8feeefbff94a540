import { AgentStoreError } from "./AgentStoreError.js";
import { expectWdbSuccess } from "./wazuhDb/parseWdbAnswer.js";

/** Pages of one paged command at most: 256 MiB of answers. A store that says `due` for ever is broken. */
export const MAX_PAGES = 4096;

/**
 * Repeats a paged command until the store answers `ok` instead of `due`, and hands each payload that holds
 * something to `take` (dapi.md 6.3).
 * @param next The command for the next page; gets the payload of the page before it, or null.
 * @throws AgentStoreError 2003 for `err`; 2007 for another status, or after MAX_PAGES pages; what `send` throws.
 */
export async function pageCommand(
  next: (previous: string | null) => string,
  send: (command: string) => Promise<string>,
  take: (payload: string) => void,
): Promise<void> {
  let previous: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { status, payload } = expectWdbSuccess(await send(next(previous)));
    if (payload !== "" && payload !== "[]") take(payload);
    if (status === "ok") return;
    previous = payload;
  }
  throw new AgentStoreError(2007, `the store has more than ${MAX_PAGES} pages for one command`);
}
