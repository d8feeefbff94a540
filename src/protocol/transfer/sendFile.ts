import { createHash } from "node:crypto";
import { COMMON } from "../commands.js";
import { MusterError } from "../errors/MusterError.js";
import type { ChunkPace } from "./ChunkPace.js";
import { abortable, RequestWindow } from "./RequestSender.js";
import type { RequestSender } from "./RequestSender.js";
import { normalizeTransferPath } from "./transferPath.js";

export interface SendFileOptions {
  /** Where the peer is to write the file: relative to its root, no leading slash, no space. */
  readonly path: string;
  /** The file's bytes, in pieces of any size. A piece may be reused once the next one is asked for. */
  readonly source: AsyncIterable<Uint8Array>;
  /** Of the whole source, where it is known already. @default made while the source is read */
  readonly sha256?: Buffer | undefined;
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

export interface SentFile {
  readonly bytes: number;
  readonly sha256: Buffer;
  /** The peer took only a part. */
  readonly cancelled: boolean;
}

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

  const pieces = options.source[Symbol.asyncIterator]();
  try {
    const chunks = new ChunkReader(pieces, prefix, () => Math.min(room, pace?.chunkBytes ?? room), signal);
    await channel.request(COMMON.newFile, name, { signal });
    const window = new RequestWindow(() => pace?.chunksInFlight ?? CHUNKS_IN_FLIGHT);
    let confirmed = 0;
    const send = async (payload: Buffer): Promise<void> => {
      const bytes = payload.length - prefix.length;
      const request = (): Promise<Buffer> => channel.request(COMMON.fileUpdate, payload, { signal });
      await (pace === undefined ? request() : pace.measure(bytes, request));
      confirmed += bytes;
      onProgress?.(confirmed);
    };
    const hash = options.sha256 === undefined ? createHash("sha256") : undefined;
    let bytes = 0;
    let cancelled = false;
    for (;;) {
      await window.room();
      cancelled = isCancelled();
      if (cancelled) break;
      const payload = await chunks.next();
      if (payload === undefined) break;
      hash?.update(payload.subarray(prefix.length));
      bytes += payload.length - prefix.length;
      await abortable(channel.writable(), signal);
      window.add(send(payload));
    }
    await window.settled();
    const sha256 = options.sha256 ?? (hash ?? createHash("sha256")).digest();
    await channel.request(COMMON.fileEnd, Buffer.concat([prefix, sha256]), { signal });
    return { bytes, sha256, cancelled };
  } finally {
    // Not awaited: a source that hangs must not hold up the end of an aborted transfer.
    Promise.resolve(pieces.return?.()).catch(() => undefined);
  }
}

/** Cuts pieces of any size into payloads of `prefix` and up to `chunkBytes()` bytes; at least one. */
class ChunkReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #prefix: Buffer;
  readonly #chunkBytes: () => number;
  readonly #signal: AbortSignal | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;
  #chunks = 0;

  constructor(
    pieces: AsyncIterator<Uint8Array>,
    prefix: Buffer,
    chunkBytes: () => number,
    signal: AbortSignal | undefined,
  ) {
    this.#pieces = pieces;
    this.#prefix = prefix;
    this.#chunkBytes = chunkBytes;
    this.#signal = signal;
  }

  /** The next payload; undefined at the end. Its memory is its own: it may move to another thread. */
  async next(): Promise<Buffer | undefined> {
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
    return length === payload.length ? payload : Buffer.from(payload.subarray(0, length));
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
