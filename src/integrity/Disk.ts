import * as nodeFs from "node:fs";

/** One name in a directory, as `readdirSync` with `withFileTypes` gives it. Never follows a link. */
export interface DirectoryEntry<Name extends string | Buffer = string> {
  readonly name: Name;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** What integrity code reads of a file's status. Times are milliseconds since the epoch, with fractions. */
export interface FileStatus {
  readonly size: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/**
 * The synchronous part of `node:fs` that integrity code uses. `node:fs` itself satisfies it, and so
 * does an in-memory file system such as memfs. Only pool threads call it: the main thread makes no
 * synchronous file call (quality.md 1).
 */
export interface Disk {
  readonly constants: {
    readonly O_RDONLY: number;
    readonly O_WRONLY: number;
    readonly O_CREAT: number;
    readonly O_EXCL: number;
    readonly O_NOFOLLOW: number;
    readonly O_NONBLOCK: number;
  };
  readdirSync(path: string, options: { withFileTypes: true; encoding?: "utf8" }): DirectoryEntry[];
  readdirSync(path: string, options: { withFileTypes: true; encoding: "buffer" }): DirectoryEntry<Buffer>[];
  readdirSync(path: string): string[];
  lstatSync(path: string): FileStatus;
  lstatSync(path: string, options: { throwIfNoEntry: false }): FileStatus | undefined;
  statSync(path: string): FileStatus;
  fstatSync(descriptor: number): FileStatus;
  existsSync(path: string): boolean;
  realpathSync(path: string): string;
  openSync(path: string, flags: number | string, mode?: number): number;
  readSync(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number;
  writeSync(descriptor: number, buffer: Uint8Array, offset?: number, length?: number, position?: number | null): number;
  ftruncateSync(descriptor: number, length: number): void;
  fsyncSync(descriptor: number): void;
  fchmodSync(descriptor: number, mode: number): void;
  fchownSync(descriptor: number, user: number, group: number): void;
  futimesSync(descriptor: number, accessed: number, modified: number): void;
  closeSync(descriptor: number): void;
  readFileSync(path: string): Buffer;
  copyFileSync(source: string, destination: string, mode?: number): void;
  renameSync(from: string, to: string): void;
  linkSync(existing: string, created: string): void;
  unlinkSync(path: string): void;
  rmdirSync(path: string): void;
  rmSync(path: string, options: { recursive?: boolean; force?: boolean }): void;
  mkdirSync(path: string, options?: { recursive?: boolean; mode?: number }): string | undefined;
  mkdtempSync(prefix: string): string;
  chmodSync(path: string, mode: number): void;
  utimesSync(path: string, accessed: number, modified: number): void;
  createReadStream(path: string, options?: { start?: number; end?: number; highWaterMark?: number }): NodeJS.ReadableStream;
  createWriteStream(path: string, options?: { flags?: string; mode?: number }): NodeJS.WritableStream;
}

/** The real disk. */
export const nodeDisk: Disk = nodeFs;
