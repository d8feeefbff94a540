import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import type { Limits } from "../../config/Limits.js";
import type { Clock, TimerHandle } from "../Clock.js";
import { MusterError } from "../errors/MusterError.js";
import { pythonBytesText } from "../pythonBytesText.js";
import { diskError } from "./diskError.js";
import { normalizeTransferPath } from "./transferPath.js";

/** Where the bytes of one incoming file go. */
export interface FileSink {
  append(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable and closes it. */
  finish(): Promise<void>;
  /** Closes and removes the file, finished or not. */
  discard(): Promise<void>;
}

export interface FileSinkFactory {
  /** Opens a new regular file at a path relative to the node's root, without a leading slash. */
  open(path: string): Promise<FileSink>;
}

export interface IncomingFilesOptions {
  readonly sinks: FileSinkFactory;
  /** Where this peer may write: asked with a normalized path, relative to the root. */
  readonly allow: (path: string) => boolean;
  readonly limits: Pick<Limits, "openFiles" | "transferBytes">;
  /** Milliseconds after which a file of which nothing more is heard is discarded: its sender has given it up. @default never */
  readonly idle?: { readonly clock: Clock; readonly timeout: number };
}

type Transfer =
  | { readonly state: "open"; readonly sink: FileSink; readonly hash: Hash; bytes: number }
  | { readonly state: "completed"; readonly sink: FileSink; readonly sha256: string }
  | { readonly state: "failed"; readonly error: MusterError };

/** A path's transfer, and the end of its queue: steps of one file happen one after the other. */
interface Slot {
  transfer?: Transfer;
  queue: Promise<unknown>;
  /** Steps in the queue: a slot with any stays, whatever became of its file. */
  steps: number;
  /** Runs from the last step on, while there is a file. */
  timer?: { readonly handle: TimerHandle };
}

/** Bytes hashed and written at a time: a peer may send a whole file in one message. */
const SLICE_BYTES = 1024 * 1024;

/**
 * The files that one peer sends over one connection (protocol.md 3). Only paths that `allow` accepts
 * are opened, and only files that this peer wrote and completed can be taken by a later command.
 */
export class IncomingFiles {
  readonly #sinks: FileSinkFactory;
  readonly #allow: (path: string) => boolean;
  readonly #limits: Pick<Limits, "openFiles" | "transferBytes">;
  readonly #idle: IncomingFilesOptions["idle"];
  /** By normalized path, the one that was opened last at the end. */
  readonly #slots = new Map<string, Slot>();
  /** Calls of `open` on their way. */
  #opening = 0;
  #discarded = false;

  constructor({ sinks, allow, limits, idle }: IncomingFilesOptions) {
    this.#sinks = sinks;
    this.#allow = allow;
    this.#limits = limits;
    this.#idle = idle;
  }

  /** Files that are being received. */
  get openFiles(): number {
    return this.#count("open");
  }

  /**
   * `new_file`: opens a file for writing; one of that path that this peer sent before is replaced.
   * "refused" when the peer may not write there. Throws error 1000 when too many files are open, or
   * the disk refuses.
   */
  async open(path: string): Promise<"opened" | "refused"> {
    const name = normalizeTransferPath(path);
    if (name === undefined || !this.#allow(name)) return "refused";
    this.#refuseWhenDiscarded();
    const isReopened = this.#slots.get(name)?.transfer?.state === "open";
    if (!isReopened && this.openFiles + this.#opening >= this.#limits.openFiles) {
      throw MusterError.internal(
        1000,
        `${name} was not opened: this peer has ${this.#limits.openFiles} files open (openFiles)`,
      );
    }
    this.#opening += 1;
    try {
      await this.#step(name, (slot) => this.#replace(name, slot));
    } finally {
      this.#opening -= 1;
      this.#forgetOldest();
    }
    return "opened";
  }

  /**
   * `file_upd`: appends bytes, after the steps of that file that were asked for before. Throws
   * error 1000 for a file that is not open (the name as extra message), too large, or not writable.
   */
  async update(path: string, bytes: Uint8Array): Promise<void> {
    const name = this.#known(path);
    await this.#step(name, async (slot) => {
      const transfer = this.#openTransfer(slot, path);
      transfer.bytes += bytes.length;
      if (transfer.bytes > this.#limits.transferBytes) {
        const limit = `${name} was not received: it is larger than ${this.#limits.transferBytes} bytes (transferBytes)`;
        throw await this.#fail(slot, transfer.sink, MusterError.internal(1000, limit));
      }
      for (let offset = 0; offset < bytes.length; offset += SLICE_BYTES) {
        const slice = bytes.subarray(offset, offset + SLICE_BYTES);
        transfer.hash.update(slice);
        await this.#write(name, slot, transfer.sink, () => transfer.sink.append(slice));
      }
    });
  }

  /**
   * `file_end`: completes a file. "differs" when its SHA-256 is another one: the file is discarded.
   * Throws as `update` does.
   */
  async end(path: string, sha256: Uint8Array): Promise<"received" | "differs"> {
    const name = this.#known(path);
    return this.#step(name, async (slot) => {
      const transfer = this.#openTransfer(slot, path);
      if (!transfer.hash.digest().equals(sha256)) {
        await this.#fail(
          slot,
          transfer.sink,
          MusterError.internal(1000, `${name} was not received: its SHA-256 differs`),
        );
        return "differs";
      }
      await this.#write(name, slot, transfer.sink, () => transfer.sink.finish());
      slot.transfer = { state: "completed", sink: transfer.sink, sha256: Buffer.from(sha256).toString("hex") };
      return "received";
    });
  }

  /** Whether a file was written and completed by this peer in this connection, and is still there. */
  completed(path: string): boolean {
    return this.#slot(path)?.transfer?.state === "completed";
  }

  /** The SHA-256 of a file that this peer completed, in hexadecimal; undefined for others. */
  sha256(path: string): string | undefined {
    const transfer = this.#slot(path)?.transfer;
    return transfer?.state === "completed" ? transfer.sha256 : undefined;
  }

  /** Why a file of this peer was not received; undefined for others. */
  failure(path: string): MusterError | undefined {
    const transfer = this.#slot(path)?.transfer;
    return transfer?.state === "failed" ? transfer.error : undefined;
  }

  /**
   * Hands a completed file over: returns its path relative to the root, and the file is the
   * caller's to remove. Undefined for a path that this peer did not complete.
   */
  take(path: string): string | undefined {
    const name = normalizeTransferPath(path);
    const slot = name === undefined ? undefined : this.#slots.get(name);
    if (name === undefined || slot?.transfer?.state !== "completed") return undefined;
    delete slot.transfer;
    this.#awaitNext(name, slot);
    this.#forgetEmpty(name, slot);
    return name;
  }

  /**
   * Removes whatever was not taken, for good: nothing can be opened afterwards. Never rejects; the
   * result says what could not be removed.
   */
  async discardAll(): Promise<readonly MusterError[]> {
    this.#discarded = true;
    const problems: MusterError[] = [];
    const discard = async (name: string, slot: Slot): Promise<void> => {
      const { transfer } = slot;
      delete slot.transfer;
      if (transfer === undefined || transfer.state === "failed") return;
      try {
        await transfer.sink.discard();
      } catch (error) {
        problems.push(diskError(name, "removed", error));
      }
    };
    const slots = [...this.#slots];
    this.#slots.clear();
    await Promise.all(slots.map(([name, slot]) => this.#enqueue(name, slot, () => discard(name, slot))));
    return problems;
  }

  async #replace(name: string, slot: Slot): Promise<void> {
    this.#refuseWhenDiscarded();
    const { transfer } = slot;
    delete slot.transfer;
    try {
      if (transfer !== undefined && transfer.state !== "failed") await transfer.sink.discard();
      const sink = await this.#sinks.open(name);
      slot.transfer = { state: "open", sink, hash: createHash("sha256"), bytes: 0 };
    } catch (error) {
      const failure = diskError(name, "opened", error);
      slot.transfer = { state: "failed", error: failure };
      throw failure;
    }
  }

  async #write(name: string, slot: Slot, sink: FileSink, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      throw await this.#fail(slot, sink, diskError(name, "written", error));
    }
  }

  /** Discards a file and remembers why. An error of the discarding itself must not hide the first one. */
  async #fail(slot: Slot, sink: FileSink, error: MusterError): Promise<MusterError> {
    slot.transfer = { state: "failed", error };
    await sink.discard().catch(() => undefined);
    return error;
  }

  #openTransfer(slot: Slot, path: string): Transfer & { state: "open" } {
    const { transfer } = slot;
    if (transfer?.state === "open") return transfer;
    throw transfer?.state === "failed" ? transfer.error : unknownFile(path);
  }

  #known(path: string): string {
    const name = normalizeTransferPath(path);
    if (name === undefined || !this.#slots.has(name)) throw unknownFile(path);
    return name;
  }

  #slot(path: string): Slot | undefined {
    const name = normalizeTransferPath(path);
    return name === undefined ? undefined : this.#slots.get(name);
  }

  /** Runs a step of a file after those that were asked for before. */
  #step<Result>(name: string, step: (slot: Slot) => Promise<Result>): Promise<Result> {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = { queue: Promise.resolve(), steps: 0 };
      this.#slots.set(name, slot);
    }
    const owner = slot;
    return this.#enqueue(name, owner, () => step(owner));
  }

  #enqueue<Result>(name: string, slot: Slot, step: () => Promise<Result>): Promise<Result> {
    slot.steps += 1;
    const result = slot.queue.then(step).finally(() => {
      slot.steps -= 1;
      this.#awaitNext(name, slot);
      this.#forgetEmpty(name, slot);
    });
    slot.queue = result.catch(() => undefined);
    return result;
  }

  /** A file on whose next step or use nobody waits for ever. */
  #awaitNext(name: string, slot: Slot): void {
    const idle = this.#idle;
    if (idle === undefined) return;
    if (slot.timer !== undefined) idle.clock.clearTimeout(slot.timer.handle);
    delete slot.timer;
    const { transfer } = slot;
    if (transfer === undefined || transfer.state === "failed" || slot.steps > 0) return;
    const giveUp = (): void => {
      if (slot.transfer !== transfer || slot.steps > 0) return;
      const error = MusterError.internal(1000, `${name} was given up: nothing more came for ${idle.timeout / 1000} s`);
      // What can't be removed now goes with the node's next start.
      void this.#enqueue(name, slot, () => this.#fail(slot, transfer.sink, error));
    };
    slot.timer = { handle: idle.clock.setTimeout(giveUp, idle.timeout) };
  }

  #forgetEmpty(name: string, slot: Slot): void {
    if (slot.steps === 0 && slot.transfer === undefined && this.#slots.get(name) === slot) this.#slots.delete(name);
  }

  /** Files that were completed or failed and never named again go, the oldest first. */
  #forgetOldest(): void {
    for (const [name, slot] of this.#slots) {
      if (this.#slots.size <= 2 * this.#limits.openFiles) return;
      const { transfer } = slot;
      if (slot.steps > 0 || transfer === undefined || transfer.state === "open") continue;
      this.#slots.delete(name);
      delete slot.transfer;
      this.#awaitNext(name, slot);
      if (transfer.state === "completed") void transfer.sink.discard().catch(() => undefined);
    }
  }

  #count(state: Transfer["state"]): number {
    let count = 0;
    for (const { transfer } of this.#slots.values()) if (transfer?.state === state) count += 1;
    return count;
  }

  #refuseWhenDiscarded(): void {
    if (this.#discarded) throw MusterError.internal(1000, "The connection is closed: it takes no more files");
  }
}

/** The reference's text for a name that it does not know: the name alone (observed.md). */
function unknownFile(path: string): MusterError {
  return MusterError.internal(1000, pythonBytesText(path));
}
