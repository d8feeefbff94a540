import type { Cipher } from "./Cipher.js";

/** A whole message as it came over the link, its body not opened yet. */
export interface SealedMessage {
  readonly counter: number;
  readonly command: string;
  readonly body: Buffer;
  /** Bytes that the message counts for while it is held. Its body may have left for another thread, and be empty here. */
  readonly heldBytes: number;
}

export interface ReceiveQueueOptions {
  readonly cipher: Cipher;
  /** Called for each message, in order of arrival. Must not throw. */
  readonly onOpened: (message: SealedMessage, payload: Buffer) => void;
  /** Called once with the first error of the cipher; nothing is opened after it. */
  readonly onFailed: (error: unknown) => void;
  /** Called when the last message that had arrived has been handed on. */
  readonly onEmpty: () => void;
}

interface Entry {
  readonly message: SealedMessage;
  payload?: Buffer;
  failure?: { readonly error: unknown };
}

/**
 * Opens the messages that one channel receives: side by side where the cipher works elsewhere, and
 * hands them on strictly in order of arrival.
 */
export class ReceiveQueue {
  readonly #options: ReceiveQueueOptions;
  readonly #entries: Entry[] = [];
  #stopped = false;
  #handingOn = false;

  constructor(options: ReceiveQueueOptions) {
    this.#options = options;
  }

  /** True when every message that arrived has been handed on. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  push(message: SealedMessage): void {
    if (this.#stopped) return;
    const entry: Entry = { message };
    this.#entries.push(entry);
    try {
      const opened = this.#options.cipher.open(message.body);
      if (Buffer.isBuffer(opened)) entry.payload = opened;
      else this.#await(entry, opened);
    } catch (error) {
      entry.failure = { error };
    }
    this.#handOn();
  }

  /** Drops what waits. */
  stop(): void {
    this.#stopped = true;
    this.#entries.length = 0;
  }

  #await(entry: Entry, opened: Promise<Buffer>): void {
    opened.then(
      (payload) => {
        entry.payload = payload;
        this.#handOn();
      },
      (error: unknown) => {
        entry.failure = { error };
        this.#handOn();
      },
    );
  }

  #handOn(): void {
    // A handler may cause further messages to arrive: they wait for their turn.
    if (this.#handingOn) return;
    this.#handingOn = true;
    try {
      for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[0]) {
        if (entry.failure !== undefined) {
          this.stop();
          this.#options.onFailed(entry.failure.error);
          return;
        }
        if (entry.payload === undefined) return;
        this.#entries.shift();
        this.#options.onOpened(entry.message, entry.payload);
      }
    } finally {
      this.#handingOn = false;
    }
    if (!this.#stopped) this.#options.onEmpty();
  }
}
