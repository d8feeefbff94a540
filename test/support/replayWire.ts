import type { Socket } from "node:net";
import { seal, unseal } from "./peer/token.js";

const HEADER_BYTES = 20;
/** Body bytes of a frame of the largest size (protocol.md 1). */
const LARGEST_BODY = 5_242_880 - HEADER_BYTES;
const DIVIDED = 0x64;

/** A message as it came: parts joined, decrypted. */
export interface WireMessage {
  readonly counter: number;
  /** The 12 characters of the (last) command field. */
  readonly field: string;
  readonly command: string;
  readonly payload: Buffer;
}

/** A message to send: `token` as it is, or `payload` to be encrypted now. */
export interface OutgoingWireMessage {
  readonly counter: number;
  /** The 12 characters of the command field. */
  readonly field: string;
  readonly body: { readonly token: Buffer } | { readonly payload: Uint8Array };
}

/**
 * Frames and tokens on a real socket, written for tests alone: what is sent can be a recorded token, byte for
 * byte. Knows nothing of requests and answers.
 */
export class ReplayWire {
  /** Resolves when the connection has ended, from whichever side. */
  readonly closed: Promise<void>;
  #hear: (message: WireMessage) => void = () => undefined;
  readonly #socket: Socket;
  readonly #key: string;
  readonly #parts = new Map<number, Buffer[]>();
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes needed before there is anything to do. */
  #wanted = HEADER_BYTES;

  constructor(socket: Socket, key: string) {
    this.#socket = socket;
    this.#key = key;
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.once("close", () => resolve());
    });
  }

  /** Begins to read: what came before waits in the socket. */
  listen(hear: (message: WireMessage) => void): void {
    this.#hear = hear;
    this.#socket.on("data", (bytes: Buffer) => {
      this.#receive(bytes);
    });
  }

  send({ counter, field, body }: OutgoingWireMessage): void {
    const token = "token" in body ? body.token : seal(this.#key, body.payload);
    for (let at = 0; at < token.length; at += LARGEST_BODY) {
      const part = token.subarray(at, at + LARGEST_BODY);
      const frame = Buffer.alloc(HEADER_BYTES + part.length);
      frame.writeUInt32BE(counter, 0);
      frame.writeUInt32BE(part.length, 4);
      frame.write(field, 8, "latin1");
      if (at + LARGEST_BODY < token.length) frame[HEADER_BYTES - 1] = DIVIDED;
      part.copy(frame, HEADER_BYTES);
      this.#socket.write(frame);
    }
  }

  /** Ends the connection in order. */
  async end(): Promise<void> {
    this.#socket.end();
    await this.closed;
  }

  #receive(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#held += bytes.length;
    while (this.#held >= this.#wanted) {
      const received = Buffer.concat(this.#chunks);
      const end = HEADER_BYTES + received.readUInt32BE(4);
      const isWhole = received.length >= end;
      const rest = isWhole ? received.subarray(end) : received;
      this.#chunks = [rest];
      this.#held = rest.length;
      this.#wanted = isWhole ? HEADER_BYTES : end;
      if (isWhole) this.#frame(received.subarray(0, end));
    }
  }

  #frame(frame: Buffer): void {
    const counter = frame.readUInt32BE(0);
    const parts = [...(this.#parts.get(counter) ?? []), frame.subarray(HEADER_BYTES)];
    if (frame[HEADER_BYTES - 1] === DIVIDED) {
      this.#parts.set(counter, parts);
      return;
    }
    this.#parts.delete(counter);
    const field = frame.toString("latin1", 8, HEADER_BYTES);
    const command = field.slice(0, 11).split(" ")[0] ?? "";
    this.#hear({ counter, field, command, payload: unseal(this.#key, Buffer.concat(parts)) });
  }
}
