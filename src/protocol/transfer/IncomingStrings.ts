import type { Limits } from "../../config/Limits.js";
import type { RandomSource } from "../Clock.js";
import { MusterError } from "../errors/MusterError.js";
import { pythonBytesText } from "../pythonBytesText.js";

export interface IncomingStringsOptions {
  readonly random: Pick<RandomSource, "uint32">;
  readonly limits: Pick<Limits, "openStrings" | "stringBytes">;
}

interface IncomingString {
  /** Announced length in bytes; what comes beyond is ignored. */
  readonly expected: number;
  received: number;
  /** Grows with what arrives: an announced length allocates nothing. */
  buffer: Buffer;
}

const SMALLEST_BUFFER = 1024;

/**
 * The strings that one peer sends over one connection (protocol.md 3). A string is taken when a
 * later command names its id. When the peer has `openStrings` of them, the one that was touched
 * longest ago makes room for the next.
 */
export class IncomingStrings {
  readonly #random: Pick<RandomSource, "uint32">;
  readonly #limits: Pick<Limits, "openStrings" | "stringBytes">;
  /** By id, the one that was touched last at the end. */
  readonly #strings = new Map<string, IncomingString>();
  #receivedBytes = 0;
  #expired = 0;

  constructor({ random, limits }: IncomingStringsOptions) {
    this.#random = random;
    this.#limits = limits;
  }

  get openStrings(): number {
    return this.#strings.size;
  }

  /** Bytes of all strings that have not been taken. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Strings that were dropped because nobody took them. */
  get expired(): number {
    return this.#expired;
  }

  /** `new_str`: reserves a string and returns its id. Throws error 1000 for more than `stringBytes`. */
  open(length: number): string {
    if (length > this.#limits.stringBytes) throw this.#tooLarge(`a string of ${length} bytes`);
    while (this.#strings.size >= this.#limits.openStrings) {
      const [oldest] = this.#strings.keys();
      if (oldest === undefined) break;
      this.#remove(oldest);
      this.#expired += 1;
    }
    let id = String(this.#random.uint32());
    while (this.#strings.has(id)) id = String(this.#random.uint32());
    this.#strings.set(id, { expected: length, received: 0, buffer: Buffer.alloc(0) });
    return id;
  }

  /**
   * `str_upd`: appends bytes; those beyond the announced length are ignored. Throws error 1000 for
   * an unknown id, and when the peer's strings exceed `stringBytes` together: this one is dropped.
   */
  update(id: string, bytes: Buffer): void {
    const string = this.#strings.get(id);
    // The reference's text for an id that it does not know: the id alone (observed.md).
    if (string === undefined) throw MusterError.internal(1000, pythonBytesText(id));
    const added = bytes.subarray(0, string.expected - string.received);
    if (this.#receivedBytes + added.length > this.#limits.stringBytes) {
      this.#remove(id);
      throw this.#tooLarge("strings that nobody has taken");
    }
    append(string, added);
    this.#receivedBytes += added.length;
    this.#strings.delete(id);
    this.#strings.set(id, string);
  }

  /** Hands over what has arrived of a string, and forgets it. Undefined for an unknown id. */
  take(id: string): Buffer | undefined {
    const string = this.#strings.get(id);
    if (string === undefined) return undefined;
    this.#remove(id);
    return string.buffer.subarray(0, string.received);
  }

  /** `err_str`: drops a reserved string of that length of which nothing has come; returns its id. */
  dropEmpty(length: number): string | undefined {
    for (const [id, { expected, received }] of this.#strings) {
      if (expected !== length || received > 0) continue;
      this.#remove(id);
      return id;
    }
    return undefined;
  }

  discardAll(): void {
    this.#strings.clear();
    this.#receivedBytes = 0;
  }

  #remove(id: string): void {
    this.#receivedBytes -= this.#strings.get(id)?.received ?? 0;
    this.#strings.delete(id);
  }

  #tooLarge(what: string): MusterError {
    return MusterError.internal(
      1000,
      `${what}: more than ${this.#limits.stringBytes} bytes (stringBytes) are not taken from one peer`,
    );
  }
}

function append(string: IncomingString, added: Buffer): void {
  const needed = string.received + added.length;
  if (string.received === 0 && added.length === string.expected) {
    // The whole string at once, as the reference sends it: no copy.
    string.buffer = added;
  } else if (needed > string.buffer.length) {
    const capacity = Math.min(string.expected, Math.max(needed, 2 * string.buffer.length, SMALLEST_BUFFER));
    const grown = Buffer.allocUnsafe(capacity);
    string.buffer.copy(grown, 0, 0, string.received);
    added.copy(grown, string.received);
    string.buffer = grown;
  } else {
    added.copy(string.buffer, string.received);
  }
  string.received = needed;
}
