import { COMMON, ERROR_TEXT_PREFIX } from "../commands.js";
import { MusterError } from "../errors/MusterError.js";
import { parseStringId } from "../payloads.js";
import type { ChunkPace } from "./ChunkPace.js";
import { abortable, RequestWindow } from "./RequestSender.js";
import type { RequestSender } from "./RequestSender.js";

export interface SendStringOptions {
  /** Clear bytes of one `str_upd`; fewer when a message would need dividing. */
  readonly chunkBytes: number;
  /** Makes chunks smaller on a slow link. @default all are as large as they may be */
  readonly pace?: ChunkPace | undefined;
  /** Ends the transfer: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const CHUNKS_IN_FLIGHT = 2;

/**
 * Sends a string and returns its id, by which a later command names it: `new_str`, then `str_upd`
 * for each chunk (protocol.md 3). When `new_str` fails without a clear answer, `err_str` tells the
 * peer to drop what it may have reserved. Rejects with the peer's error, with 3000 and the text when
 * `new_str` is answered by a text that starts with `Error`, with 3020 or 3018 when no answer comes,
 * and with the signal's reason.
 */
export async function sendString(
  channel: RequestSender,
  content: string | Uint8Array,
  options: SendStringOptions,
): Promise<string> {
  const { stringId, window } = await sendChunks(channel, content, options);
  await window.settled();
  return stringId;
}

/** The command that names a string once it is sent. */
export interface NamingCommand {
  readonly command: string;
  payload(stringId: string): Uint8Array | string;
}

/**
 * Sends a string and the command that names it. A string of one chunk is named without waiting for that chunk's answer:
 * a peer takes requests in their order, and an answer of the distributed API so needs one turn of the network less.
 * Rejects as `sendString` does, and with the peer's error to the command.
 */
export async function sendNamedString(
  channel: RequestSender,
  content: string | Uint8Array,
  naming: NamingCommand,
  options: SendStringOptions,
): Promise<void> {
  const { stringId, window, chunks } = await sendChunks(channel, content, options);
  if (chunks > 1) await window.settled();
  const named = channel.request(naming.command, naming.payload(stringId), { signal: options.signal });
  await Promise.all([window.settled(), named]);
}

interface SentChunks {
  readonly stringId: string;
  /** Of the chunks whose answers have not come. */
  readonly window: RequestWindow;
  readonly chunks: number;
}

/** `new_str`, and every `str_upd` on its way. */
async function sendChunks(channel: RequestSender, content: string | Uint8Array, options: SendStringOptions): Promise<SentChunks> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const { signal, pace } = options;
  const stringId = await reserve(channel, bytes.length, signal);
  const prefix = Buffer.from(`${stringId} `);
  const chunkBytes = Math.min(options.chunkBytes, channel.largestUndividedPayload - prefix.length);
  if (!(chunkBytes >= 1)) throw new RangeError(`A string can't be sent in chunks of ${options.chunkBytes} bytes.`);

  const window = new RequestWindow(() => pace?.chunksInFlight ?? CHUNKS_IN_FLIGHT);
  let offset = 0;
  let chunks = 0;
  do {
    await window.room();
    await abortable(channel.writable(), signal);
    const chunk = bytes.subarray(offset, offset + Math.min(chunkBytes, pace?.chunkBytes ?? chunkBytes));
    const payload = Buffer.concat([prefix, chunk]);
    const request = (): Promise<Buffer> => channel.request(COMMON.stringUpdate, payload, { signal });
    window.add((pace === undefined ? request() : pace.measure(chunk.length, request)).then(() => undefined));
    offset += chunk.length;
    chunks += 1;
  } while (offset < bytes.length);
  return { stringId, window, chunks };
}

async function reserve(channel: RequestSender, length: number, signal: AbortSignal | undefined): Promise<string> {
  const drop = (): void => {
    // Best effort, with the deadline of every request: the failure that led here is the one to report.
    channel.request(COMMON.stringError, String(length)).catch(() => undefined);
  };
  let answer: Buffer;
  try {
    answer = await channel.request(COMMON.newString, String(length), { signal });
  } catch (error) {
    const wasUnanswered = signal?.aborted === true || (error instanceof MusterError && error.code === 3020);
    if (wasUnanswered) drop();
    throw error;
  }
  const text = answer.toString("utf8");
  if (text.startsWith(ERROR_TEXT_PREFIX)) {
    drop();
    throw MusterError.cluster(3000, text);
  }
  return parseStringId(`the answer to ${COMMON.newString}`, answer);
}
