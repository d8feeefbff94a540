/** A file that is being made. */
export interface NewFile {
  /** Writes all of `bytes` behind what is there. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * What the main thread does with files: those of transfers, and their folders. All else is a job of the
 * pool, which works with a `Disk`. Paths are absolute; every call rejects with the system's error.
 */
export interface NodeDisk {
  /** Makes a folder, and those above it that are not there. */
  makeFolder(path: string, mode: number): Promise<void>;
  list(folder: string): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]>;
  /** Whether a real folder is there; a link is none. @throws also when nothing is there. */
  isFolder(path: string): Promise<boolean>;
  /** A file's bytes. */
  size(path: string): Promise<number>;
  /** Makes a file that did not exist. No link is followed. */
  create(path: string, mode: number): Promise<NewFile>;
  /**
   * A file's bytes, in pieces of at most `pieceBytes`. The file is opened only when the first are asked
   * for, so that a transfer which the peer refuses before leaves nothing open.
   */
  read(path: string, pieceBytes: number): AsyncIterable<Uint8Array>;
  /**
   * What tells a file that nobody writes to from another one that takes its name later: inode, size and time of the last
   * change of its content (an inode alone may be used again). A link is not followed.
   */
  identity(path: string): Promise<string>;
  /** Gives a file a second name, which did not exist. */
  link(existing: string, created: string): Promise<void>;
  /** Removes a file; nothing when there is none. */
  removeFile(path: string): Promise<void>;
  /** Removes a file, or a folder with all that is in it; nothing when there is none. */
  removeTree(path: string): Promise<void>;
}
