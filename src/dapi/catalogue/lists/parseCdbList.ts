import type { FileParser } from "../ruleset/ParsedFiles.js";

/** One entry of a CDB list (dapi.md 3.5). */
export interface CdbEntry {
  readonly key: string;
  readonly value: string;
}

/** A line that is no entry. */
export class CdbListError extends Error {
  override readonly name = "CdbListError";
}

/** Lines between two pauses. */
const SLICE = 20_000;

/** Lines that say nothing: empty ones, and the template's. */
const NO_ENTRY = /^TEMPLATE:|^\s*$/;

/** A key and a value, each bare or between quotes. A bare key has no colon; a bare value only after a quoted key. */
const ENTRY =
  /^(?:"(?<quotedKey>[^"]*)":(?:"(?<quoted>[^"]*)"|(?<rest>[^"]*))|(?<key>[^":]*):(?:"(?<text>[^"]*)"|(?<value>[^":]*)))$/;

export const cdbListParser: FileParser<readonly CdbEntry[]> = { kind: "list", parse: parseCdbList };

/**
 * The entries of a CDB list, `key:value` a line; of two with the same key the later value counts, at the place of the
 * first.
 *
 * @throws CdbListError for a line that is no entry, with its number
 */
export async function parseCdbList(text: string, pause: () => Promise<void>): Promise<readonly CdbEntry[]> {
  const entries = new Map<string, string>();
  const lines = text.split(/\r\n?|\n/);
  for (const [index, line] of lines.entries()) {
    if (index > 0 && index % SLICE === 0) await pause();
    if (NO_ENTRY.test(line)) continue;
    const parts = ENTRY.exec(line)?.groups;
    if (parts === undefined) throw new CdbListError(`line ${index + 1} is no key:value`);
    const { quotedKey, key, quoted, rest, text: own, value } = parts;
    entries.set(quotedKey ?? key ?? "", quoted ?? rest ?? own ?? value ?? "");
  }
  return [...entries].map(([key, value]) => Object.freeze({ key, value }));
}
