import { createHash, randomInt } from "node:crypto";
import type { Socket } from "node:net";
import { seal, unseal } from "./token.js";

/** Largest frame, header included (protocol.md 1). */
const FRAME_BYTES = 5_242_880;
const HEADER_BYTES = 20;
const ASK_TIMEOUT = 20_000;
const RESPONSES = new Set(["ok", "err", "ok-m", "ok-c"]);

export interface PeerMessage {
  readonly command: string;
  readonly payload: Buffer;
}

/** What a test's peer answers; undefined: as every node does (protocol.md 3); "nothing": never. */
export type PeerAnswer = { readonly command: string; readonly payload: string | Uint8Array } | "nothing" | undefined;
export type PeerHandler = (message: PeerMessage) => PeerAnswer;

/** An `err` answer. */
export class PeerRefusal extends Error {
  /** The catalogue's code, when the answer was an exception's JSON; undefined for a plain text. */
  readonly code: number | undefined;

  constructor(text: string) {
    super(text);
    this.code = codeIn(text);
  }
}

/**
 * One end of a connection as a test's own peer speaks it: frames, tokens, requests and answers, files
 * and strings. Written from the protocol's facts, with nothing of the product's code.
 */
export class PeerLink {
  /** Requests that came, in order. */
  readonly seen: PeerMessage[] = [];
  /** Files that the other side sent whole, by path relative to its root. */
  readonly files = new Map<string, Buffer>();
  readonly strings = new Map<string, Buffer>();
  /** Resolves when the connection has ended, from whichever side. */
  readonly closed: Promise<void>;
  readonly socket: Socket;
  /** Hears of each request that this end sends. */
  onSent: ((command: string) => void) | undefined;
  readonly #key: string;
  readonly #handle: PeerHandler;
  readonly #waiting = new Map<number, { resolve(message: PeerMessage): void; reject(error: Error): void }>();
  readonly #parts = new Map<number, Buffer[]>();
  readonly #open = new Map<string, Buffer[]>();
  #counter = randomInt(2 ** 32);
  #received: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, key: string, handle: PeerHandler = () => undefined) {
    this.socket = socket;
    this.#key = key;
    this.#handle = handle;
    socket.on("data", (bytes) => {
      try {
        this.#receive(bytes);
      } catch {
        // A token of another key: the connection is of no use.
        socket.destroy();
      }
    });
    socket.on("error", () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        for (const waiting of this.#waiting.values()) waiting.reject(new Error("the connection was closed"));
        this.#waiting.clear();
        resolve();
      });
    });
  }

  /** Sends a request and gives the answer's payload. @throws PeerRefusal for `err`. */
  async ask(command: string, payload: string | Uint8Array = "", timeout = ASK_TIMEOUT): Promise<Buffer> {
    const answer = await this.exchange(command, payload, timeout);
    if (answer.command === "err") throw new PeerRefusal(answer.payload.toString());
    return answer.payload;
  }

  /** Sends a request and gives the answer, whichever it is. */
  async exchange(command: string, payload: string | Uint8Array = "", timeout = ASK_TIMEOUT): Promise<PeerMessage> {
    this.#counter = (this.#counter + 1) % 2 ** 32;
    const counter = this.#counter;
    const answer = new Promise<PeerMessage>((resolve, reject) => this.#waiting.set(counter, { resolve, reject }));
    this.#send(command, counter, Buffer.from(payload));
    this.onSent?.(command);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer to ${command} within ${timeout} ms`));
      }, timeout);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(counter);
    }
  }

  /** Sends a file in pieces. `path` is relative to root. */
  async sendFile(path: string, content: Uint8Array, pieceBytes = FRAME_BYTES / 2): Promise<void> {
    const name = Buffer.from(`/${path}`);
    await this.ask("new_file", name);
    for (let at = 0; at < Math.max(content.length, 1); at += pieceBytes) {
      await this.ask("file_upd", Buffer.concat([name, Buffer.from(" "), content.subarray(at, at + pieceBytes)]));
    }
    await this.ask("file_end", Buffer.concat([name, Buffer.from(" "), createHash("sha256").update(content).digest()]));
  }

  /** Sends a string; gives its id. */
  async sendString(text: string): Promise<string> {
    const id = await this.ask("new_str", String(Buffer.byteLength(text)));
    await this.ask("str_upd", Buffer.concat([id, Buffer.from(` ${text}`)]));
    return id.toString();
  }

  close(): void {
    this.socket.destroy();
  }

  #send(command: string, counter: number, payload: Buffer): void {
    const token = seal(this.#key, payload);
    const room = FRAME_BYTES - HEADER_BYTES;
    for (let at = 0; at < token.length; at += room) {
      const body = token.subarray(at, at + room);
      const field = Buffer.from(`${command} ${"-".repeat(11)}`.slice(0, 12));
      if (at + room < token.length) field[11] = 0x64;
      const header = Buffer.alloc(8);
      header.writeUInt32BE(counter, 0);
      header.writeUInt32BE(body.length, 4);
      this.socket.write(Buffer.concat([header, field, body]));
    }
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= HEADER_BYTES) {
      const counter = this.#received.readUInt32BE(0);
      const end = HEADER_BYTES + this.#received.readUInt32BE(4);
      if (this.#received.length < end) return;
      const command = this.#received.toString("latin1", 8, 19).split(" ")[0] ?? "";
      const isLast = this.#received[19] !== 0x64;
      const parts = [...(this.#parts.get(counter) ?? []), this.#received.subarray(HEADER_BYTES, end)];
      this.#received = this.#received.subarray(end);
      if (!isLast) {
        this.#parts.set(counter, parts);
        continue;
      }
      this.#parts.delete(counter);
      this.#take(counter, { command, payload: unseal(this.#key, Buffer.concat(parts)) });
    }
  }

  #take(counter: number, message: PeerMessage): void {
    const waiting = this.#waiting.get(counter);
    if (waiting !== undefined && RESPONSES.has(message.command)) {
      waiting.resolve(message);
      return;
    }
    this.seen.push(message);
    const answer = this.#handle(message) ?? this.#common(message);
    if (answer !== "nothing") this.#send(answer.command, counter, Buffer.from(answer.payload));
  }

  #common({ command, payload }: PeerMessage): Exclude<PeerAnswer, undefined> {
    const space = payload.indexOf(" ");
    const name = payload.subarray(0, space).toString();
    const rest = payload.subarray(space + 1);
    switch (command) {
      case "echo":
        return { command: "ok", payload };
      case "new_file":
        this.#open.set(payload.toString(), []);
        return { command: "ok ", payload: "Ready to receive new file" };
      case "file_upd":
        this.#open.get(name)?.push(rest);
        return { command: "ok", payload: "File updated" };
      case "file_end": {
        const content = Buffer.concat(this.#open.get(name) ?? []);
        this.#open.delete(name);
        this.files.set(name.slice(1), content);
        const matches = createHash("sha256").update(content).digest().equals(rest);
        return {
          command: matches ? "ok" : "err",
          payload: matches ? "File received correctly" : "Checksums aren't equal.",
        };
      }
      case "new_str": {
        const id = String(randomInt(2 ** 32));
        this.strings.set(id, Buffer.alloc(0));
        return { command: "ok", payload: id };
      }
      case "str_upd":
        this.strings.set(name, Buffer.concat([this.strings.get(name) ?? Buffer.alloc(0), rest]));
        return { command: "ok", payload: "String updated" };
      default:
        return { command: "err", payload: `unknown command 'b'${command}''` };
    }
  }
}

function codeIn(text: string): number | undefined {
  try {
    const exception = JSON.parse(text) as { __wazuh_exception__?: { __object__?: { code?: number } } };
    return exception.__wazuh_exception__?.__object__?.code;
  } catch {
    return undefined;
  }
}
