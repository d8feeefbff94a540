import { spawn } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import { once } from "node:events";
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

const PER_FOLDER = 500;
/** Files written between two looks at other work. */
const BATCH = 200;
const PIECE = 4 * 1024 * 1024;

/** Runs work with a folder of its own, which goes afterwards. */
export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "muster-bench-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Paths of so many files below `etc/lists/`, 500 in a folder. */
export function pathsOf(count: number, folder = "etc/lists"): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${folder}/d${String(Math.floor(at / PER_FOLDER)).padStart(3, "0")}/file-${String(at).padStart(6, "0")}`);
}

/** Writes files of random bytes, every one another. */
export async function fillTree(root: string, paths: readonly string[], bytes = 4096): Promise<void> {
  const content = randomFillSync(Buffer.alloc(bytes));
  let folder = "";
  for (const [at, path] of paths.entries()) {
    const absolute = join(root, path);
    if (dirname(absolute) !== folder) mkdirSync((folder = dirname(absolute)), { recursive: true, mode: 0o770 });
    content.writeUInt32LE(at, 0);
    writeFileSync(absolute, content, { mode: 0o660 });
    if (at % BATCH === 0) await turn();
  }
}

/** One file of random bytes. */
export async function writeLarge(path: string, bytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w", 0o660);
  const piece = Buffer.alloc(PIECE);
  for (let at = 0; at < bytes; at += PIECE) await file.write(randomFillSync(piece), 0, Math.min(PIECE, bytes - at));
  await file.close();
}

/** Seconds of a plain loop that reads and hashes the files on one thread. */
export function readAndHash(root: string, paths: readonly string[]): number {
  const began = performance.now();
  for (const path of paths) createHash("md5").update(readFileSync(join(root, path))).digest();
  return (performance.now() - began) / 1000;
}

/** Seconds of a plain loop that looks at the files. */
export function statLoop(root: string, paths: readonly string[]): number {
  const began = performance.now();
  for (const path of paths) lstatSync(join(root, path));
  return (performance.now() - began) / 1000;
}

/** Seconds of `cp -r`. */
export async function copyTree(from: string, to: string): Promise<number> {
  const began = performance.now();
  const [status] = (await once(spawn("cp", ["-r", from, to]), "close")) as [number];
  if (status !== 0) throw new Error(`cp -r ${from} ${to} ended with ${String(status)}`);
  return (performance.now() - began) / 1000;
}
