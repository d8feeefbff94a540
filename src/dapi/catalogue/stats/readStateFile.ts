import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";

/** State files that may be asked for: the asker names one by its path on whatever node (dapi.md 3.1). */
const STATE_FILE = /(?:^|\/)var\/run\/(wazuh-(?:analysisd|remoted)\.state)$/;

/** Largest state file that is read, in bytes. */
const LARGEST_STATE = 256 * 1024;

/**
 * The counters of analysisd or remoted: lines `name='number'` of a state file (dapi.md 3.2, get_daemons_stats).
 *
 * @param filename a path that ends in `var/run/wazuh-analysisd.state` or `…-remoted.state`; the file is this node's own
 * @throws MusterError 1308 for another file, or when it can't be read; internal 1104 for a value that is no number
 */
export async function readStateFile(
  { files, config }: FunctionContext,
  filename: string,
): Promise<Readonly<Record<string, number>>> {
  const name = STATE_FILE.exec(filename)?.[1];
  if (name === undefined) throw MusterError.user(1308, filename);
  const path = `var/run/${name}`;
  try {
    return parseStateFile(await files.readText(path, { maxBytes: LARGEST_STATE }));
  } catch (cause) {
    if (cause instanceof MusterError) throw cause;
    throw MusterError.user(1308, `${config.root}/${path}`, { cause });
  }
}

/** Reads a state file; comments and empty lines are passed over. @throws MusterError internal 1104 */
export function parseStateFile(text: string): Readonly<Record<string, number>> {
  const counters = new Map<string, number>();
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) continue;
    const match = /^([\w.-]{1,128})\s?[=:]\s?'([^']{1,64})'$/.exec(trimmed);
    const value = Number(match?.[2] === undefined || match[2].trim() === "" ? Number.NaN : match[2]);
    if (!Number.isFinite(value)) throw MusterError.internal(1104, `line ${String(index + 1)}`);
    counters.set((match?.[1] ?? "").toLowerCase(), value);
  }
  return Object.fromEntries(counters);
}
