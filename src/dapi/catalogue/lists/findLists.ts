import { posix } from "node:path";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import type { ParsedFiles } from "../ruleset/ParsedFiles.js";
import { readRulesetBlock } from "../ruleset/RulesetBlock.js";

/** A CDB list's file, as API clients read it (dapi.md 3.5). */
export interface ListFile {
  readonly relative_dirname: string;
  readonly filename: string;
}

/** Where the lists of users are. */
const LISTS = "etc/lists";

/** Deepest folder below `LISTS` that is looked into. */
const DEEPEST_FOLDER = 16;

/** Most lists of a node. */
const MOST_LISTS = 10_000;

/**
 * The node's CDB lists: all below `etc/lists`, by their paths, then those elsewhere that ossec.conf's `<list>` names.
 * Compiled lists (`.cdb`) and what editors leave behind are none.
 *
 * @throws MusterError 1804 when ossec.conf can't be read
 */
export async function findLists(context: FunctionContext, parsed: ParsedFiles): Promise<readonly ListFile[]> {
  const paths = (await pathsBelow(context, LISTS, 0)).sort();
  for (const path of await namedLists(context, parsed)) {
    if (paths.includes(path) || path.startsWith(`${LISTS}/`)) continue;
    if ((await context.files.stat(path))?.isFile === true) paths.push(path);
  }
  return paths
    .slice(0, MOST_LISTS)
    .map((path) => ({ relative_dirname: posix.dirname(path), filename: posix.basename(path) }));
}

/** Path relative to the root. */
export function listPath({ relative_dirname, filename }: ListFile): string {
  return `${relative_dirname}/${filename}`;
}

async function pathsBelow(context: FunctionContext, folder: string, depth: number): Promise<string[]> {
  context.signal.throwIfAborted();
  const paths: string[] = [];
  for (const { name, isFile, isFolder } of await context.files.list(folder)) {
    if (isFile && isListName(name)) paths.push(`${folder}/${name}`);
    else if (isFolder && depth < DEEPEST_FOLDER)
      paths.push(...(await pathsBelow(context, `${folder}/${name}`, depth + 1)));
    if (paths.length > MOST_LISTS) break;
  }
  return paths;
}

function isListName(name: string): boolean {
  return !name.includes(".cdb") && !name.includes("~") && !name.startsWith(".");
}

async function namedLists(context: FunctionContext, parsed: ParsedFiles): Promise<readonly string[]> {
  try {
    return (await readRulesetBlock(context, parsed)).lists;
  } catch (cause) {
    throw MusterError.user(1804, "WAZUH_HOME/etc/ossec.conf", { cause });
  }
}
