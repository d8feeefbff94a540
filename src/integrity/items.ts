import type { ClusterItems, FileItem } from "../config/ClusterItems.js";

/** An item of cluster.json that covers a path. */
export interface ItemMatch {
  /** With its trailing slash, for example `etc/rules/`. */
  readonly itemKey: string;
  readonly item: FileItem;
}

/** The item whose differing files travel merged (protocol.md 6). */
export const AGENT_GROUPS_ITEM = "queue/agent-groups/";

/** Linux's bounds on a path (with its final NUL) and on one name, in bytes. */
const LONGEST_PATH_BYTES = 4095;
const LONGEST_NAME_BYTES = 255;

/** A node's own configuration never travels, whatever cluster.json says (quality.md 2). */
const NEVER_SYNCHRONISED = "etc/ossec.conf";

/** Characters that fit into a name whatever they are: no character takes more than three bytes of UTF-8 for each code unit. */
const SURELY_SHORT = Math.floor(LONGEST_NAME_BYTES / 3);

/** Empty paths; NUL and backslash; an empty first, inner or last segment; a segment that is `.` or `..`. */
const IMPROPER = /^$|[\0\\]|^\/|\/\/|\/$|(?:^|\/)\.\.?(?:\/|$)/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const NON_ASCII = /[^\0-\x7f]/;
const AGENT_ID = /^[0-9]{3,10}$/;

/**
 * The item that covers `path`, or undefined when the path is not one that this node's own walk could
 * have produced (protocol.md 8: only such a path may be written, deleted or sent).
 *
 * `path` is relative to the node's root and '/'-separated. It must be normalised: no leading slash,
 * no empty, `.` or `..` segment, no NUL, no lone surrogate (it could not be written as UTF-8), no
 * name or path longer than Linux allows. Backslashes are refused, although Linux allows them: other
 * systems' archive readers take them for separators (quality.md 2). Spaces, newlines and other
 * characters are ordinary. The longest item key that holds the path decides; within it the item's
 * `recursive` and `files`, and the excluded names and endings, apply as in the walk. An item's own
 * folder is no file of the item around it.
 */
export function classify(items: ClusterItems, path: string): ItemMatch | undefined {
  if (!isPlainPath(path) || isNeverSynchronised(path)) return undefined;
  const match = itemOfFolder(items, path.slice(0, path.lastIndexOf("/") + 1));
  if (match === undefined) return undefined;
  const rest = path.slice(match.itemKey.length);
  if (!match.item.recursive && rest.includes("/")) return undefined;
  if (itemOfKey(items, `${path}/`) !== undefined) return undefined;
  return isWantedName(items, match.item, path.slice(path.lastIndexOf("/") + 1)) ? match : undefined;
}

/** Whether a path is relative, normalised and of characters that muster lets travel; see `classify`. */
export function isPlainPath(path: string): boolean {
  if (path.length > LONGEST_PATH_BYTES || IMPROPER.test(path)) return false;
  if (NON_ASCII.test(path) && (LONE_SURROGATE.test(path) || Buffer.byteLength(path) > LONGEST_PATH_BYTES)) return false;
  return path.length <= SURELY_SHORT || path.split("/").every((name) => Buffer.byteLength(name) <= LONGEST_NAME_BYTES);
}

/**
 * Whether a path holds what Linux allows in a name and muster does not let travel: a backslash, or
 * bytes that are no UTF-8 (lone surrogates in Python's text). An honest peer may list such a file.
 */
export function isUntravellable(path: string): boolean {
  return path.includes("\\") || (NON_ASCII.test(path) && LONE_SURROGATE.test(path));
}

/** Whether one name of a path may travel: not empty, `.` or `..`, no slash, NUL or backslash, not too long. */
export function isPlainName(name: string): boolean {
  return !name.includes("/") && isPlainPath(name);
}

/** Whether the item takes files of this name: listed (or all), and neither excluded by name nor by ending. */
export function isWantedName(items: ClusterItems, item: FileItem, name: string): boolean {
  const takesAll = item.files.length === 1 && item.files[0] === "all";
  return (takesAll || item.files.includes(name)) && !isExcludedName(items, name);
}

/** Whether cluster.json excludes files of this name everywhere. */
export function isExcludedName(items: ClusterItems, name: string): boolean {
  return items.excludedFiles.includes(name) || items.excludedExtensions.some((ending) => name.endsWith(ending));
}

/** Whether a file of this path never travels, whatever cluster.json says. */
export function isNeverSynchronised(path: string): boolean {
  return path === NEVER_SYNCHRONISED;
}

/** The item of this key, looked up safely: `__proto__` and the like are no items. */
export function itemOfKey(items: ClusterItems, itemKey: string): FileItem | undefined {
  return Object.hasOwn(items.files, itemKey) ? items.files[itemKey] : undefined;
}

/**
 * The agent's id when `path` is its group file (`queue/agent-groups/<id>`), else undefined. Only such
 * files can travel as parts of a merged file, whose parts have bare names (protocol.md 9).
 */
export function agentOfGroupFile(path: string): string | undefined {
  if (!path.startsWith(AGENT_GROUPS_ITEM)) return undefined;
  const name = path.slice(AGENT_GROUPS_ITEM.length);
  return AGENT_ID.test(name) ? name : undefined;
}

/** The longest item key that `folder` (with a trailing slash, or empty) is or lies in. */
function itemOfFolder(items: ClusterItems, folder: string): ItemMatch | undefined {
  for (let end = folder.length; end > 0; end = folder.lastIndexOf("/", end - 2) + 1) {
    const itemKey = folder.slice(0, end);
    const item = itemOfKey(items, itemKey);
    if (item !== undefined) return { itemKey, item };
  }
  return undefined;
}
