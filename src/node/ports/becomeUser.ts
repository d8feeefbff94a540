import { execFile } from "node:child_process";
import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { NODE_FOLDERS } from "../nodeFolders.js";

/** Milliseconds in which the system must tell an account's numbers. */
const LOOKUP_DEADLINE = 10_000;
const FOLDER_MODE = 0o770;
const LOG_MODE = 0o660;

/** An account as a process takes it on. */
export interface Account {
  readonly name: string;
  readonly userId: number;
  readonly groupId: number;
  /** Every group that it belongs to. */
  readonly groups: readonly number[];
}

/**
 * The account of a user, with another group than its own if one is named.
 *
 * @throws MusterError 3004 for a user or group that the machine does not know
 */
export async function findAccount(user: string, group: string | null): Promise<Account> {
  const userId = await numberOf(["id", "-u", "--", user], `user ${user}`);
  const groupId = group === null ? await numberOf(["id", "-g", "--", user], `user ${user}`) : await groupNumber(group);
  const groups = (await output(["id", "-G", "--", user], `user ${user}`)).split(" ").map(Number);
  return { name: user, userId, groupId, groups: [...new Set([groupId, ...groups])] };
}

/**
 * Gives up root for good: the groups, then the group, then the user. What a node must write to is handed over before:
 * folders that are missing are made for the account, and `logs/cluster.log` becomes its own (dapi.md 4.4).
 *
 * @throws Error when the process could still become root again
 */
export async function becomeUser(root: string, { name, userId, groupId, groups }: Account): Promise<void> {
  for (const folder of NODE_FOLDERS) {
    const path = join(root, folder);
    const made = await mkdir(path, { recursive: true, mode: FOLDER_MODE });
    if (made !== undefined) await chown(path, userId, groupId);
  }
  const log = join(root, "logs/cluster.log");
  await chown(log, userId, groupId).then(() => chmod(log, LOG_MODE), unlessMissing);
  process.setgroups?.([...groups]);
  process.setgid?.(groupId);
  process.setuid?.(userId);
  let isRootAgain = true;
  try {
    process.setuid?.(0);
  } catch {
    isRootAgain = false;
  }
  if (isRootAgain && userId !== 0) throw new Error(`root could not be given up for ${name}`);
}

async function groupNumber(group: string): Promise<number> {
  const entry = await output(["getent", "group", "--", group], `group ${group}`);
  return Number(entry.split(":")[2]);
}

async function numberOf(command: readonly string[], what: string): Promise<number> {
  return Number(await output(command, what));
}

async function output([program = "", ...args]: readonly string[], what: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { timeout: LOOKUP_DEADLINE })).stdout.trim();
  } catch (cause) {
    throw MusterError.cluster(3004, `this machine has no ${what}. Make the account, set daemon.user, or start with -r to stay root`, { cause });
  }
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
