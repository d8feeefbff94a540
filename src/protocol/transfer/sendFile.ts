import { createHash } from "node:crypto";
import { COMMON } from "../commands.js";
import { MusterError } from "../errors/MusterError.js";
import type { ChunkPace } from "./ChunkPace.js";
import type { BorrowedBody, SealedPayload } from "../SendQueue.js";
import { abortable, RequestWindow } from "./RequestSender.js";
import type { RequestSender } from "./RequestSender.js";
import { normalizeTransferPath } from "./transferPath.js";

export interface SendFileOptions {
  /** Where the peer is to write the file: relative to its root, no leading slash, no space. */
  readonly path: string;
  /** The file's bytes, in pieces of any size. A piece may be reused once the next one is asked for. */
  readonly source: AsyncIterable<Uint8Array> | SealedSource;
  /** Clear bytes of one `file_upd`; fewer when a message would need dividing. */
  readonly chunkBytes: number;
  /** Makes chunks smaller on a slow link. @default all are as large as they may be */
  readonly pace?: ChunkPace | undefined;
  /** Ends the transfer: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the peer wants no more of it (`cancel_task`): the chunk on its way is the last one. @default never */
  readonly isCancelled?: (() => boolean) | undefined;
  /** Called with the bytes that the peer has confirmed so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** A file whose parts are sealed elsewhere, so that its clear bytes never come by. */
export interface SealedSource {
  readonly bytes: number;
  /** Of the whole file. */
  readonly sha256: Buffer;
  /** Seals `prefix` and the file's bytes [position, position + length). */
  seal(prefix: Buffer, position: number, length: number): Promise<BorrowedBody>;
}

export interface SentFile {
  readonly bytes: number;
  readonly sha256: Buffer;
  /** The peer took only a part. */
  readonly cancelled: boolean;
}

/** The connection is lost; no answer came in time. */
const UNANSWERED: ReadonlySet<number> = new Set([3018, 3020]);
/** Chunks on their way at a time when no pace says it. */
const CHUNKS_IN_FLIGHT = 2;

/**
 * Sends a file: `new_file`, `file_upd` for each chunk (one for an empty file, too), `file_end` with
 * its SHA-256 (protocol.md 3). Rejects with the peer's error when it answers any of them `err`, with
 * 3020 or 3018 when no answer comes, with whatever `source` throws, and with the signal's reason.
 * The source is closed in every case.
 */
export async function sendFile(channel: RequestSender, options: SendFileOptions): Promise<SentFile> {
  const { signal, onProgress, pace, isCancelled = () => false } = options;
  const name = wireName(options.path);
  const prefix = Buffer.from(`${name} `);
  const room = Math.min(options.chunkBytes, channel.largestUndividedPayload - prefix.length);
  if (!(room >= 1))
    throw new RangeError(
      `A file can't be sent in chunks of ${options.chunkBytes} bytes: its path alone fills the message.`,
    );

  const chunkBytes = (): number => Math.min(room, pace?.chunkBytes ?? room);
  const { source } = options;
  const chunks = "seal" in source ? new SealedChunks(source, prefix, chunkBytes) : new ChunkReader(source, prefix, chunkBytes, signal);
  try {
    await channel.request(COMMON.newFile, name, { signal });
    const window = new RequestWindow(() => pace?.chunksInFlight ?? CHUNKS_IN_FLIGHT);
    let confirmed = 0;
    const send = async ({ bytes, payload }: Chunk): Promise<void> => {
      const request = (): Promise<Buffer> => channel.request(COMMON.fileUpdate, payload, { signal });
      await (pace === undefined ? request() : pace.measure(bytes, request));
      confirmed += bytes;
      onProgress?.(confirmed);
    };
    let bytes = 0;
    let cancelled = false;
    for (;;) {
      await window.room();
      cancelled = isCancelled();
      if (cancelled) break;
      const chunk = await chunks.next();
      if (chunk === undefined) break;
      bytes += chunk.bytes;
      await abortable(channel.writable(), signal);
      window.add(send(chunk));
    }
    await window.settled();
    const sha256 = chunks.sha256();
    const ended = channel.request(COMMON.fileEnd, Buffer.concat([prefix, sha256]), { signal });
    await (cancelled ? ended.catch(requireAnswered) : ended);
    return { bytes, sha256, cancelled };
  } finally {
    chunks.close();
  }
}

/**
 * The hash that ends a file which the peer gave up may be that of all of it: that the peer refuses it, or has forgotten the
 * file, is no news (dialects.md 1.3). Throws what is no answer of the peer's.
 */
function requireAnswered(error: unknown): void {
  if (!(error instanceof MusterError) || UNANSWERED.has(error.code)) throw error;
}

/** One `file_upd`. */
interface Chunk {
  /** Of the file: the payload without its prefix. */
  readonly bytes: number;
  readonly payload: Buffer | SealedPayload;
}

/** What a file is cut into: at least one chunk, of an empty file, too. */
interface Chunks {
  /** The next chunk; undefined at the end. */
  next(): Promise<Chunk | undefined>;
  /** The SHA-256 of all bytes. To be asked for at the end. */
  sha256(): Buffer;
  close(): void;
}

/** Parts of a file that are sealed when their turn comes. */
class SealedChunks implements Chunks {
  readonly #source: SealedSource;
  readonly #prefix: Buffer;
  readonly #chunkBytes: () => number;
  #position = 0;
  #isBegun = false;

  constructor(source: SealedSource, prefix: Buffer, chunkBytes: () => number) {
    this.#source = source;
    this.#prefix = prefix;
    this.#chunkBytes = chunkBytes;
  }

  next(): Promise<Chunk | undefined> {
    const position = this.#position;
    const bytes = Math.min(this.#chunkBytes(), this.#source.bytes - position);
    if (bytes === 0 && this.#isBegun) return Promise.resolve(undefined);
    this.#isBegun = true;
    this.#position += bytes;
    const seal = (): Promise<BorrowedBody> => this.#source.seal(this.#prefix, position, bytes);
    return Promise.resolve({ bytes, payload: { bytes: this.#prefix.length + bytes, seal } });
  }

  sha256(): Buffer {
    return this.#source.sha256;
  }

  close(): void {
    // Each part is opened and closed by whoever seals it.
  }
}

/** Cuts pieces of any size into payloads of `prefix` and up to `chunkBytes()` bytes; at least one. */
class ChunkReader implements Chunks {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #prefix: Buffer;
  readonly #chunkBytes: () => number;
  readonly #signal: AbortSignal | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  readonly #hash = createHash("sha256");
  #ended = false;
  #chunks = 0;

  constructor(
    source: AsyncIterable<Uint8Array>,
    prefix: Buffer,
    chunkBytes: () => number,
    signal: AbortSignal | undefined,
  ) {
    this.#pieces = source[Symbol.asyncIterator]();
    this.#prefix = prefix;
    this.#chunkBytes = chunkBytes;
    this.#signal = signal;
  }

  /** The payload's memory is its own: it may move to another thread. */
  async next(): Promise<Chunk | undefined> {
    const start = this.#prefix.length;
    const payload = Buffer.allocUnsafeSlow(start + this.#chunkBytes());
    payload.set(this.#prefix, 0);
    let length = start;
    while (length < payload.length && (await this.#fill())) {
      const taken = this.#rest.subarray(0, payload.length - length);
      payload.set(taken, length);
      length += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    if (length === start && this.#chunks > 0) return undefined;
    this.#chunks += 1;
    this.#hash.update(payload.subarray(start, length));
    return { bytes: length - start, payload: length === payload.length ? payload : Buffer.from(payload.subarray(0, length)) };
  }

  sha256(): Buffer {
    return this.#hash.digest();
  }

  close(): void {
    // Not awaited: a source that hangs must not hold up the end of an aborted transfer.
    Promise.resolve(this.#pieces.return?.()).catch(() => undefined);
  }

  /** Makes sure that there are bytes to take; false at the end. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0 && !this.#ended) {
      const piece = await abortable(this.#pieces.next(), this.#signal);
      if (piece.done === true) this.#ended = true;
      else this.#rest = piece.value;
    }
    return this.#rest.length > 0;
  }
}

/** The path as the wire has it: with a leading slash (protocol.md 3). A space would end it early. */
function wireName(path: string): string {
  if (normalizeTransferPath(path) !== path || path.includes(" ")) {
    throw MusterError.internal(
      1000,
      `${JSON.stringify(path)} can't be sent: a transfer's path is relative and plain, and has no space`,
    );
  }
  return `/${path}`;
}
