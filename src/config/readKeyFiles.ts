import { isAbsolute, join } from "node:path";
import { problem } from "./ConfigurationProblem.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import { printable } from "./printable.js";
import { CLUSTER_KEY } from "./validateClusterBlock.js";

/** What a file's status tells of who can use it. */
export interface FileAccess {
  /** Mode bits. */
  readonly mode: number;
  /** User id of the owner. */
  readonly owner: number;
}

export interface KeyFileSource {
  readonly root: string;
  readonly readFile: (path: string) => string;
  readonly fileAccess?: ((path: string) => FileAccess | undefined) | undefined;
  /** The user that reads them; undefined: not known. */
  readonly userId?: number | undefined;
}

/** The accepted keys that files hold. */
export interface KeyFilesReading {
  /** The first one is used for sending. Empty: there is no such file, and `<key>` holds. */
  readonly keys: readonly string[];
  /** Absolute paths of the files that are there, in their order. */
  readonly files: readonly string[];
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
}

/** Keys that may be accepted at a time: every message with a wrong key costs a try of each. */
const MOST_KEYS = 8;

const READABLE_BY_OTHERS = 0o004;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Reads the files with accepted keys: one key a line, empty lines and lines that begin with `#` are left out.
 *
 * @param paths relative to the root or absolute
 * @param required whether somebody named these files, so that a missing one is a mistake
 */
export function readKeyFiles(paths: readonly string[], required: boolean, source: KeyFileSource): KeyFilesReading {
  const keys: string[] = [];
  const files: string[] = [];
  const problems: ConfigurationProblem[] = [];
  const warnings: string[] = [];
  for (const path of paths) {
    const file = isAbsolute(path) ? path : join(source.root, path);
    let text: string;
    try {
      text = source.readFile(file);
    } catch (error) {
      if (!required && error instanceof Error && "code" in error && error.code === "ENOENT") continue;
      const reason = printable(error instanceof Error ? error.message : String(error));
      problems.push(problem(3004, `${file}: the key file can't be read: ${reason}. Make it, or correct keys.files`));
      continue;
    }
    files.push(file);
    const found = keysIn(text, file, problems);
    if (found.length === 0 && problems.length === 0) problems.push(problem(3004, `${file}: the key file holds no key. Write one of 32 letters, digits or _`));
    for (const key of found) if (!keys.includes(key)) keys.push(key);
    warnings.push(...accessWarnings(file, source));
  }
  if (keys.length > MOST_KEYS) problems.push(problem(3004, `${files.join(", ")}: ${keys.length} keys are accepted, ${MOST_KEYS} at most are allowed. Remove old ones`));
  return { keys, files, problems, warnings };
}

function keysIn(text: string, file: string, problems: ConfigurationProblem[]): string[] {
  const found: string[] = [];
  text.split(/\r?\n/).forEach((row, index) => {
    const key = row.trim();
    if (key === "" || key.startsWith("#")) return;
    if (CLUSTER_KEY.test(key)) found.push(key);
    // Never a character of it: it may be a key but for one of them.
    else problems.push(problem(3004, `${file}:${index + 1}: a key of ${[...key].length} characters is not 32 letters, digits or _`));
  });
  return found;
}

function accessWarnings(file: string, { fileAccess, userId }: KeyFileSource): string[] {
  const access = fileAccess?.(file);
  if (access === undefined) return [];
  const warnings: string[] = [];
  if ((access.mode & READABLE_BY_OTHERS) !== 0) warnings.push(`${file} holds cluster keys and can be read by every user. Run: chmod o-rwx ${file}`);
  if ((access.mode & WRITABLE_BY_OTHERS) !== 0) warnings.push(`${file} holds cluster keys and can be written by others than its owner. Run: chmod go-w ${file}`);
  if (userId !== undefined && userId !== 0 && access.owner !== 0 && access.owner !== userId) {
    warnings.push(`${file} holds cluster keys and belongs to user ${access.owner}, neither root nor the one that runs muster.`);
  }
  return warnings;
}
