import { constants } from "node:fs";
import type { Disk, DirectoryEntry, FileStatus } from "../../src/integrity/Disk.js";
import type { Life } from "./SimulatedTime.js";

/** Links that one path may lead through. */
const MOST_LINKS = 8;
/** A kernel stamps files with the time of its last tick (milliseconds). */
const TICK = 4;

interface Inode {
  readonly kind: "file" | "folder" | "link";
  mode: number;
  mtimeMs: number;
  ctimeMs: number;
  content: Buffer;
  readonly entries: Map<string, Inode>;
  readonly target: string;
}

interface Descriptor {
  readonly inode: Inode;
  readonly path: string;
  position: number;
}

export type DiskCall = "list" | "look" | "open" | "create" | "read" | "write" | "change" | "folder" | "rename" | "remove";

/** What a process does to a disk, told before it happens: a guard may throw (a disk error, a kill) or let others do something first. */
export type DiskGuard = (call: DiskCall, path: string, life: Life) => void;
/** What a process did to a path. */
export type DiskWitness = (change: "created" | "written" | "changed" | "folder" | "placed" | "removed", path: string, life: Life, from?: string) => void;

/** An error as the system throws it. */
export function diskFault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${path}'`), { code, path });
}

/** One machine's files: they outlive its processes. */
export class SimulatedDisk {
  readonly #root: Inode;
  readonly #wallTime: () => number;
  readonly #descriptors = new Map<number, Descriptor>();
  #nextDescriptor = 3;
  #nextFolder = 0;

  constructor(wallTime: () => number) {
    this.#wallTime = wallTime;
    this.#root = this.#inode("folder", 0o755);
  }

  /** Every regular file below a folder: path relative to it → content. */
  tree(folder: string): Map<string, Buffer> {
    const files = new Map<string, Buffer>();
    const walk = (inode: Inode, path: string): void => {
      for (const [name, entry] of inode.entries) {
        if (entry.kind === "folder") walk(entry, `${path}${name}/`);
        else files.set(path + name, entry.content);
      }
    };
    const start = this.#find(folder);
    if (start !== undefined) walk(start, "");
    return files;
  }

  read(path: string): Buffer | undefined {
    return this.#lookUp(path)?.content;
  }

  /** A user's program writes a file: to a new one that then takes the name, or into the old one. */
  write(path: string, content: Buffer, inPlace = false): void {
    const [parent, name] = this.#parent(path, true);
    const existing = parent.entries.get(name);
    if (existing?.kind === "folder") return;
    if (inPlace && existing?.kind === "file") {
      existing.content = content;
      this.#stamp(existing);
      return;
    }
    const inode = this.#inode("file", 0o660);
    inode.content = content;
    parent.entries.set(name, inode);
  }

  remove(path: string): void {
    const [parent, name] = this.#parent(path, true);
    parent.entries.delete(name);
  }

  /** A user changes a file's or folder's permissions; nothing when it is not there. */
  permit(path: string, mode: number): void {
    const inode = this.#lookUp(path);
    if (inode === undefined) return;
    inode.mode = mode;
    inode.ctimeMs = this.#time();
  }

  /** A user sets a file's time. */
  date(path: string, mtimeMs: number): void {
    const inode = this.#lookUp(path);
    if (inode === undefined) return;
    inode.mtimeMs = mtimeMs;
    inode.ctimeMs = this.#time();
  }

  isFolder(path: string): boolean {
    return this.#lookUp(path)?.kind === "folder";
  }

  /** The disk as one process sees it; its descriptors end with it. */
  of(life: Life, guard: DiskGuard, witness: DiskWitness): Disk {
    const call = (kind: DiskCall, path: string): void => guard(kind, path, life);
    const opened = (descriptor: number): Descriptor => {
      const found = this.#descriptors.get(descriptor);
      if (found === undefined) throw diskFault("EBADF", String(descriptor));
      return found;
    };
    const remove = (path: string): void => {
      const [parent, name] = this.#parent(path);
      this.#mayChange(parent, path);
      parent.entries.delete(name);
      this.#stamp(parent);
      witness("removed", path, life);
    };
    const rmTree = (path: string, inode: Inode): void => {
      for (const [name, entry] of [...inode.entries]) rmTree(`${path}/${name}`, entry);
      call("remove", path);
      remove(path);
    };
    const unused = (): never => {
      throw new Error("not a call that integrity code makes");
    };
    const disk = {
      constants,
      readdirSync: (path: string, options?: { withFileTypes: true; encoding?: string }) => {
        call("list", path);
        const folder = this.#folder(path);
        if ((folder.mode & 0o400) === 0) throw diskFault("EACCES", path);
        if (options === undefined) return [...folder.entries.keys()];
        return [...folder.entries].map(([name, inode]) => entryOf(options.encoding === "buffer" ? Buffer.from(name) : name, inode));
      },
      lstatSync: (path: string, options?: { throwIfNoEntry: false }) => {
        call("look", path);
        const inode = this.#find(path);
        if (inode !== undefined) return statusOf(inode);
        if (options?.throwIfNoEntry === false) return undefined;
        throw diskFault("ENOENT", path);
      },
      statSync: (path: string) => {
        call("look", path);
        return statusOf(this.#existing(path));
      },
      fstatSync: (descriptor: number) => statusOf(opened(descriptor).inode),
      existsSync: (path: string) => this.#find(path) !== undefined,
      realpathSync: (path: string) => path,
      openSync: (path: string, flags: number | string, mode = 0o666) => {
        const creates = typeof flags === "string" ? flags.includes("w") : (flags & constants.O_CREAT) !== 0;
        call(creates ? "create" : "open", path);
        const [parent, name] = this.#parent(path);
        let inode = parent.entries.get(name);
        if (creates) {
          if (inode !== undefined) throw diskFault("EEXIST", path);
          this.#mayChange(parent, path);
          inode = this.#inode("file", mode);
          parent.entries.set(name, inode);
          this.#stamp(parent);
          witness("created", path, life);
        }
        if (inode === undefined) throw diskFault("ENOENT", path);
        if (inode.kind === "link") throw diskFault("ELOOP", path);
        if (!creates && (inode.mode & 0o400) === 0) throw diskFault("EACCES", path);
        this.#nextDescriptor += 1;
        this.#descriptors.set(this.#nextDescriptor, { inode, path, position: 0 });
        return this.#nextDescriptor;
      },
      readSync: (descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number | null) => {
        const file = opened(descriptor);
        call("read", file.path);
        const from = position ?? file.position;
        const bytes = file.inode.content.subarray(from, from + length);
        buffer.set(bytes, offset);
        if (position === null) file.position += bytes.length;
        return bytes.length;
      },
      writeSync: (descriptor: number, buffer: Uint8Array, offset = 0, length = buffer.length - offset, position: number | null = null) => {
        const file = opened(descriptor);
        call("write", file.path);
        const from = position ?? file.position;
        const { inode } = file;
        const whole = Buffer.alloc(Math.max(inode.content.length, from + length));
        whole.set(inode.content);
        whole.set(buffer.subarray(offset, offset + length), from);
        inode.content = whole;
        if (position === null) file.position += length;
        this.#stamp(inode);
        witness("written", file.path, life);
        return length;
      },
      ftruncateSync: (descriptor: number, length: number) => {
        const { inode, path } = opened(descriptor);
        call("write", path);
        inode.content = Buffer.from(inode.content.subarray(0, length));
        witness("written", path, life);
      },
      fsyncSync: (descriptor: number) => void opened(descriptor),
      fchmodSync: unused,
      fchownSync: unused,
      futimesSync: unused,
      closeSync: (descriptor: number) => {
        opened(descriptor);
        this.#descriptors.delete(descriptor);
      },
      readFileSync: (path: string) => {
        call("open", path);
        return Buffer.from(this.#existing(path).content);
      },
      copyFileSync: unused,
      renameSync: (from: string, to: string) => {
        call("rename", to);
        const [oldParent, oldName] = this.#parent(from);
        const [parent, name] = this.#parent(to);
        const inode = oldParent.entries.get(oldName);
        if (inode === undefined) throw diskFault("ENOENT", from);
        if (parent.entries.get(name)?.kind === "folder") throw diskFault("EISDIR", to);
        this.#mayChange(oldParent, from);
        this.#mayChange(parent, to);
        oldParent.entries.delete(oldName);
        parent.entries.set(name, inode);
        inode.ctimeMs = this.#time();
        witness("placed", to, life, from);
      },
      linkSync: (existing: string, created: string) => {
        call("rename", created);
        const [parent, name] = this.#parent(created);
        if (parent.entries.has(name)) throw diskFault("EEXIST", created);
        this.#mayChange(parent, created);
        const inode = this.#existing(existing);
        parent.entries.set(name, inode);
        inode.ctimeMs = this.#time();
        witness("placed", created, life, existing);
      },
      unlinkSync: (path: string) => {
        call("remove", path);
        if (this.#existing(path).kind === "folder") throw diskFault("EISDIR", path);
        remove(path);
      },
      rmdirSync: (path: string) => {
        call("remove", path);
        if (this.#folder(path).entries.size > 0) throw diskFault("ENOTEMPTY", path);
        remove(path);
      },
      rmSync: (path: string, { recursive = false, force = false }: { recursive?: boolean; force?: boolean }) => {
        const inode = this.#find(path);
        if (inode === undefined) {
          call("look", path);
          if (force) return;
          throw diskFault("ENOENT", path);
        }
        if (inode.kind === "folder" && !recursive) throw diskFault("EISDIR", path);
        rmTree(path, inode);
      },
      mkdirSync: (path: string, { recursive = false, mode = 0o777 }: { recursive?: boolean; mode?: number } = {}) => {
        call("folder", path);
        if (recursive) {
          const missing: string[] = [];
          for (let at = path; at !== "" && this.#find(at) === undefined; at = at.slice(0, at.lastIndexOf("/"))) missing.unshift(at);
          for (const folder of missing) disk.mkdirSync(folder, { mode });
          this.#folder(path);
          return missing[0];
        }
        const [parent, name] = this.#parent(path);
        if (parent.entries.has(name)) throw diskFault("EEXIST", path);
        this.#mayChange(parent, path);
        parent.entries.set(name, this.#inode("folder", mode));
        witness("folder", path, life);
        return path;
      },
      mkdtempSync: (prefix: string) => {
        this.#nextFolder += 1;
        return disk.mkdirSync(`${prefix}${String(this.#nextFolder)}`, { mode: 0o700 }) ?? "";
      },
      chmodSync: (path: string, mode: number) => {
        call("change", path);
        const inode = this.#existing(path);
        inode.mode = mode;
        inode.ctimeMs = this.#time();
        witness("changed", path, life);
      },
      utimesSync: (path: string, _accessed: number, modified: number) => {
        call("change", path);
        const inode = this.#existing(path);
        inode.mtimeMs = modified * 1000;
        inode.ctimeMs = this.#time();
        witness("changed", path, life);
      },
      createReadStream: unused,
      createWriteStream: unused,
    };
    return disk as unknown as Disk;
  }

  #time(): number {
    return Math.floor(this.#wallTime() / TICK) * TICK;
  }

  #inode(kind: Inode["kind"], mode: number): Inode {
    const at = this.#time();
    return { kind, mode, mtimeMs: at, ctimeMs: at, content: Buffer.alloc(0), entries: new Map(), target: "" };
  }

  #stamp(inode: Inode): void {
    inode.mtimeMs = this.#time();
    inode.ctimeMs = inode.mtimeMs;
  }

  /** What is at a path, the last name's link not followed. */
  #find(path: string, links = 0): Inode | undefined {
    let inode: Inode | undefined = this.#root;
    const names = path.split("/").filter((name) => name !== "");
    for (const [at, name] of names.entries()) {
      if (inode.kind === "link") {
        if (links >= MOST_LINKS) throw diskFault("ELOOP", path);
        return this.#find([inode.target, ...names.slice(at)].join("/"), links + 1);
      }
      if (inode.kind !== "folder") throw diskFault("ENOTDIR", path);
      inode = inode.entries.get(name);
      if (inode === undefined) return undefined;
    }
    return inode;
  }

  /** As `#find`, for those who don't care why nothing is there. */
  #lookUp(path: string): Inode | undefined {
    try {
      return this.#find(path);
    } catch {
      return undefined;
    }
  }

  #existing(path: string): Inode {
    const inode = this.#find(path);
    if (inode === undefined) throw diskFault("ENOENT", path);
    return inode;
  }

  #folder(path: string): Inode {
    const inode = this.#existing(path);
    if (inode.kind !== "folder") throw diskFault("ENOTDIR", path);
    return inode;
  }

  #parent(path: string, make = false): [Inode, string] {
    const cut = path.lastIndexOf("/");
    const above = path.slice(0, cut);
    if (make && above !== "" && this.#find(above) === undefined) {
      const [parent, name] = this.#parent(above, true);
      parent.entries.set(name, this.#inode("folder", 0o770));
    }
    let parent = this.#existing(above);
    if (parent.kind === "link") parent = this.#existing(parent.target);
    if (parent.kind !== "folder") throw diskFault("ENOTDIR", path);
    return [parent, path.slice(cut + 1)];
  }

  #mayChange(folder: Inode, path: string): void {
    if ((folder.mode & 0o200) === 0) throw diskFault("EACCES", path);
  }
}

function statusOf(inode: Inode): FileStatus {
  const { kind, mode, mtimeMs, ctimeMs } = inode;
  return {
    size: inode.content.length,
    mode,
    mtimeMs,
    ctimeMs,
    isFile: () => kind === "file",
    isDirectory: () => kind === "folder",
    isSymbolicLink: () => kind === "link",
  };
}

function entryOf<Name extends string | Buffer>(name: Name, { kind }: Inode): DirectoryEntry<Name> {
  return { name, isFile: () => kind === "file", isDirectory: () => kind === "folder", isSymbolicLink: () => kind === "link" };
}
