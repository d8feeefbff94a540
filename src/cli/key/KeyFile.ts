import { chown, readFile, rename, stat, writeFile } from "node:fs/promises";
import { CLUSTER_KEY } from "../../config/validateClusterBlock.js";
import { CommandFailure } from "../CommandFailure.js";

/** What a key of the file is for, while a change goes on. */
export type KeyRole = "plain" | "next" | "old";

export interface RotatedKey {
  readonly text: string;
  readonly role: KeyRole;
}

const HEAD = "# Accepted cluster keys; the first one is used for sending. Written by: muster key rotate";
const FILE_MODE = 0o640;

/** The keys in a key file's text. A comment `# next` or `# old` above a key tells its role. */
export function parseKeyFile(text: string): readonly RotatedKey[] {
  const keys: RotatedKey[] = [];
  let role: KeyRole = "plain";
  for (const row of text.split(/\r?\n/).map((line) => line.trim())) {
    const mark = /^#\s*(next|old)$/.exec(row)?.[1];
    if (mark !== undefined) role = mark === "next" ? "next" : "old";
    if (row === "" || row.startsWith("#")) continue;
    if (CLUSTER_KEY.test(row)) keys.push({ text: row, role });
    role = "plain";
  }
  return keys;
}

export function formatKeyFile(keys: readonly RotatedKey[]): string {
  const rows = keys.flatMap(({ text, role }) => (role === "plain" ? [text] : [`# ${role}`, text]));
  return `${[HEAD, ...rows].join("\n")}\n`;
}

/** The keys of a file; undefined when it is not there. @throws CommandFailure when it can't be read */
export async function readKeyFile(path: string): Promise<readonly RotatedKey[] | undefined> {
  try {
    return parseKeyFile(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new CommandFailure(`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Writes a key file at once or not at all; it keeps its owner, or gets that of `like`. */
export async function writeKeyFile(path: string, keys: readonly RotatedKey[], like: string): Promise<void> {
  const owner = await stat(path).catch(() => stat(like));
  const beside = `${path}.new`;
  try {
    await writeFile(beside, formatKeyFile(keys), { mode: FILE_MODE });
    await chown(beside, owner.uid, owner.gid);
    await rename(beside, path);
  } catch (error) {
    throw new CommandFailure(`${path} can't be written: ${error instanceof Error ? error.message : String(error)}. Change the keys by hand: docs/configuration.md tells how`);
  }
}
