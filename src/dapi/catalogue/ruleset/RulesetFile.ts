import { posix } from "node:path";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import { ConfigurationError } from "../../../config/ConfigurationError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import type { ParsedFiles } from "./ParsedFiles.js";
import { readRulesetBlock, type RulesetBlock, type RulesetKind } from "./RulesetBlock.js";

/** Whether a file of the ruleset is used. */
export type RulesetStatus = "enabled" | "disabled";

/** A file of rules or decoders, as API clients read it (dapi.md 3.5). */
export interface RulesetFile {
  readonly filename: string;
  readonly relative_dirname: string;
  readonly status: RulesetStatus;
}

/** Which files are asked for. Null: all. */
export interface RulesetFileFilter {
  readonly status: RulesetStatus | null;
  readonly relativeDirname: string | null;
  readonly filenames: readonly string[] | null;
}

/** Most files of one kind; the standard ruleset has some 200. */
const MOST_FILES = 10_000;

/** The statuses that may be asked for; `all` is none. @throws MusterError 1202 */
export function statusOf(status: string | null | undefined): RulesetStatus | null {
  if (status === null || status === undefined || status === "all") return null;
  if (status === "enabled" || status === "disabled") return status;
  throw MusterError.user(1202);
}

/**
 * The node's files of rules or decoders: those that ossec.conf names, then those of its folders by their names.
 *
 * @throws MusterError 1200 (rules) or 1500 (decoders) when ossec.conf can't be read
 */
export async function findRulesetFiles(
  context: FunctionContext,
  kind: RulesetKind,
  parsed: ParsedFiles,
): Promise<readonly RulesetFile[]> {
  const { folders, included, excluded } = (await blockOf(context, kind, parsed))[kind];
  const statusFor = (filename: string): RulesetStatus => (excluded.has(filename) ? "disabled" : "enabled");
  const found = included.map((path) => {
    const filename = posix.basename(path);
    return { filename, relative_dirname: posix.dirname(path), status: statusFor(filename) };
  });
  for (const folder of folders) {
    const names = (await context.files.list(folder))
      .filter(({ name, isFile }) => isFile && name.endsWith(".xml") && !name.startsWith("."))
      .map(({ name }) => name)
      .sort();
    for (const filename of names) found.push({ filename, relative_dirname: folder, status: statusFor(filename) });
  }
  const unique = new Map(found.map((file) => [pathOf(file), file]));
  return [...unique.values()].slice(0, MOST_FILES);
}

/** Does a file, or a rule or decoder with the file's members, pass the filter? */
export function passesFilter(file: RulesetFile, { status, relativeDirname, filenames }: RulesetFileFilter): boolean {
  return (
    (status === null || file.status === status) &&
    (relativeDirname === null || file.relative_dirname === relativeDirname) &&
    (filenames === null || filenames.includes(file.filename))
  );
}

/** Path relative to the root. */
export function pathOf({ relative_dirname, filename }: RulesetFile): string {
  return `${relative_dirname}/${filename}`;
}

async function blockOf(context: FunctionContext, kind: RulesetKind, parsed: ParsedFiles): Promise<RulesetBlock> {
  try {
    return await readRulesetBlock(context, parsed);
  } catch (cause) {
    // Only muster's own sentence may be told; the system's has the machine's paths.
    const reason = cause instanceof ConfigurationError ? cause.message : null;
    throw kind === "rule" ? MusterError.user(1200, reason, { cause }) : MusterError.internal(1500, reason, { cause });
  }
}
