import type { Cipher } from "./Cipher.js";
import type { Slab } from "./memory/SlabStore.js";

/** A whole message as it came over the link, its body not opened yet. */
export interface SealedMessage {
  readonly counter: number;
  readonly command: string;
  readonly body: Buffer;
  /** Bytes that the message counts for while it is held. Its body may have left for another thread, and be empty here. */
  readonly heldBytes: number;
  /** The borrowed memory in which the body stands, if any. The queue releases it for a message that it drops. */
  readonly slab?: Slab | undefined;
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
    if (this.#stopped) {
      message.slab?.release();
      return;
    }
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
    for (const entry of this.#entries.splice(0)) if (isSettled(entry)) entry.message.slab?.release();
  }

  #await(entry: Entry, opened: Promise<Buffer>): void {
    const settled = (): void => {
      // Whoever was at work on the memory has left it only now.
      if (this.#stopped) entry.message.slab?.release();
      else this.#handOn();
    };
    opened.then(
      (payload) => {
        entry.payload = payload;
        settled();
      },
      (error: unknown) => {
        entry.failure = { error };
        settled();
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

function isSettled({ payload, failure }: Entry): boolean {
  return payload !== undefined || failure !== undefined;
}
