import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ClusterItems, FileItem } from "../../src/config/ClusterItems.js";
import { defaultClusterItems } from "../../src/config/defaultClusterItems.js";
import { DEFAULT_LIMITS } from "../../src/config/Limits.js";
import { nodeDisk, type Disk } from "../../src/integrity/Disk.js";
import { FileIndex } from "../../src/integrity/FileIndex.js";
import { FileIndexBuilder } from "../../src/integrity/FileIndexBuilder.js";
import { hashFiles } from "../../src/integrity/hashFiles.js";
import { walk } from "../../src/integrity/walk.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import type { FileProblem, NodeScope, WalkResult } from "../../workers/jobs.js";

/** Path relative to a root → content. */
export type Tree = Readonly<Record<string, string | Buffer>>;

/** What an index says of one file. */
export interface KnownFile {
  readonly itemKey: string;
  readonly hash: string;
  readonly size: number;
}

/** Runs `body` with a fresh directory, which is removed afterwards. */
export function withRoot<Result>(body: (root: string) => Result): Result {
  const root = fs.mkdtempSync(join(tmpdir(), "muster-tree-"));
  try {
    return body(root);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

/** Writes files, with the folders that they need. */
export function writeTree(root: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    fs.mkdirSync(dirname(join(root, path)), { recursive: true });
    fs.writeFileSync(join(root, path), content);
  }
}

/** All regular files below a root, links not followed: path → content. */
function readTree(root: string, folder = ""): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const entry of fs.readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) for (const [inner, content] of readTree(root, path)) files.set(inner, content);
    else if (entry.isFile()) files.set(path, fs.readFileSync(join(root, path)));
  }
  return files;
}

export function scopeOf(root: string, items: ClusterItems = defaultClusterItems()): NodeScope {
  return { root, nodeName: "node", items, dialect: zip43, limits: DEFAULT_LIMITS };
}

/** cluster.json's defaults with other items. Each item: what differs from a recursive one that takes all. */
export function itemsWith(files: Readonly<Record<string, Partial<FileItem>>>): ClusterItems {
  const common: FileItem = {
    permissions: 0o660,
    files: ["all"],
    recursive: true,
    restart: false,
    removeSubdirsIfEmpty: false,
    extraValid: false,
  };
  const entries = Object.entries(files).map(([key, item]) => [key, { ...common, ...item }] as const);
  return { ...defaultClusterItems(), files: Object.fromEntries(entries) };
}

/** A clock by which every file of a test is old enough to be trusted. */
export const longAfter = (): number => Date.now() + 3_600_000;

export interface IndexedTree extends WalkResult {
  readonly index: FileIndex;
  /** Those of the walk, then those of hashing. */
  readonly allProblems: readonly FileProblem[];
}

/** Walks a tree and hashes what needs it, batch by batch. */
export function indexTree(
  scope: NodeScope,
  previous?: FileIndex,
  { disk = nodeDisk, wallTime = longAfter }: { disk?: Disk; wallTime?: () => number } = {},
): IndexedTree {
  const walked = walk(disk, { kind: "walk", scope, ...(previous === undefined ? {} : { previous: previous.buffer }) });
  const hashed = walked.batches.map(([from, to]) =>
    hashFiles(disk, { kind: "hash", scope, draft: walked.draft, from, to }, wallTime),
  );
  const allProblems = [...walked.problems, ...hashed.flatMap(({ problems }) => problems)];
  return { ...walked, index: new FileIndex(walked.draft), allProblems };
}

/** An index as plain data, in its own order. */
export function filesOf(index: FileIndex): [string, KnownFile][] {
  return [...index.entries()].map(({ path, itemKey, hash, size }) => [path, { itemKey, hash, size }]);
}

/** An index of files with the given contents, as if a walk had found them. */
export function indexOfTree(tree: Tree, itemKeyOf: (path: string) => string): FileIndex {
  const builder = new FileIndexBuilder(zip43.fileHash.bytes);
  for (const [path, content] of Object.entries(tree)) {
    builder.add({ path, itemKey: itemKeyOf(path), modTime: 1, size: content.length, hash: md5(content) });
  }
  return new FileIndex(builder.finish());
}

/**
 * The index of a tree by the words of protocol.md 8, written without the code under test: every regular
 * file that no link leads to, judged by its path alone.
 */
export function naiveIndex(root: string, items: ClusterItems): [string, KnownFile][] {
  const files: [string, KnownFile][] = [];
  for (const [path, content] of readTree(root)) {
    const itemKey = naiveItemKey(path, items);
    if (itemKey !== undefined) files.push([path, { itemKey, hash: md5(content), size: content.length }]);
  }
  return files.sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

/** The item that covers a file of this path, naively. */
export function naiveItemKey(path: string, items: ClusterItems): string | undefined {
  const names = path.split("/");
  const name = names[names.length - 1] ?? "";
  const keys = Object.keys(items.files).filter((key) => path.startsWith(key));
  const itemKey = keys.sort((left, right) => right.length - left.length)[0];
  if (itemKey === undefined) return undefined;
  const item = items.files[itemKey];
  const wanted = item?.files[0] === "all" || item?.files.includes(name) === true;
  const deepEnough = item?.recursive === true || itemKey + name === path;
  const excluded = items.excludedFiles.includes(name) || items.excludedExtensions.some((ending) => name.endsWith(ending));
  const odd = path.includes("\\") || path === "etc/ossec.conf" || `${path}/` in items.files;
  return wanted && deepEnough && !excluded && !odd ? itemKey : undefined;
}

export function md5(content: string | Buffer): string {
  return createHash("md5").update(content).digest("hex");
}

/** The real disk, with some of its methods replaced. */
export function diskWith(replaced: Partial<Disk>): Disk {
  return { ...nodeDisk, ...replaced };
}

/** An error as the system throws it. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by a test`), { code });
}

/** The real disk, on which one method fails with the system's error for paths of this ending. */
export function diskFailingAt(method: "readdirSync" | "lstatSync" | "openSync", ending: string, code: string): Disk {
  const real = nodeDisk[method] as (path: string, ...rest: unknown[]) => unknown;
  const failing = (path: string, ...rest: unknown[]): unknown => {
    if (path.endsWith(ending)) throw systemError(code);
    return real(path, ...rest);
  };
  return diskWith({ [method]: failing });
}
