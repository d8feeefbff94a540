import type { seededRandom } from "../support/seededRandom.js";

type Random = ReturnType<typeof seededRandom>;

/** Changes that one mutant carries at most. */
const MOST_CHANGES = 6;
/** Copies of a piece in one change: nesting and repetition are where parsers break. */
const MOST_COPIES = 64;

const NUMBERS = ["0", "1", "-1", "9", "16", "127", "255", "256", "4096", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "9007199254740991", "9007199254740993", "1e308", "1e999", "-0", "0.1", "00", "99999999999999999999"];
const WORDS = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 127, 128, 255, 256, 512, 1024, 4095, 4096, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
/** What no format likes. */
const PIECES = ["\0", "\n", "\r\n", "..", "../", "/", "\\", " ", '"', "'", "<", ">", "&", "%", ";", "--", "\u00e9", "\ud7ff", "\ufeff", "\u2028", "__proto__", "constructor", "null", "true", "{}", "[]"];

/** Makes inputs of inputs, from a seed. */
export class Mutator {
  readonly #random: Random;
  readonly #dictionary: readonly Buffer[];
  readonly #mostBytes: number;

  constructor(random: Random, dictionary: readonly string[], mostBytes: number) {
    this.#random = random;
    this.#dictionary = [...dictionary, ...PIECES].map((piece) => Buffer.from(piece));
    this.#mostBytes = mostBytes;
  }

  /** A changed copy. @param other what pieces may be taken from. */
  mutate(input: Buffer, other: Buffer): Buffer {
    let mutant: Buffer = Buffer.from(input);
    const changes = 1 + this.#below(MOST_CHANGES);
    for (let change = 0; change < changes; change += 1) mutant = this.#change(mutant, other).subarray(0, this.#mostBytes);
    return mutant;
  }

  #change(input: Buffer, other: Buffer): Buffer {
    switch (this.#below(11)) {
      case 0:
        return this.#overwrite(input, [1 << this.#below(8)], (old, bit) => old ^ bit);
      case 1:
        return this.#overwrite(input, [this.#below(256)], (_, byte) => byte);
      case 2:
        return this.#overwrite(input, this.#word(), (_, byte) => byte);
      case 3: {
        const [from, to] = this.#span(input);
        return Buffer.concat([input.subarray(0, from), input.subarray(to)]);
      }
      case 4: {
        const [from, to] = this.#span(input);
        const copies = Array.from({ length: 1 + this.#below(this.#below(4) === 0 ? MOST_COPIES : 3) }, () => input.subarray(from, to));
        return Buffer.concat([input.subarray(0, from), ...copies, input.subarray(from)]);
      }
      case 5: {
        const [from, to] = this.#span(other);
        return this.#insert(input, other.subarray(from, to));
      }
      case 6: {
        const [from] = this.#span(input);
        const [begin] = this.#span(other);
        return Buffer.concat([input.subarray(0, from), other.subarray(begin)]);
      }
      case 7:
        return this.#otherNumber(input);
      case 8: {
        const [from, to] = this.#span(input);
        return Buffer.concat([input.subarray(0, from), this.#pick(this.#dictionary), input.subarray(Math.min(to, from + 16))]);
      }
      case 9: {
        const [from, to] = this.#span(input);
        const [begin, end] = this.#span(input);
        return Buffer.concat([input.subarray(0, from), input.subarray(begin, end), input.subarray(to)]);
      }
      default:
        return this.#insert(input, this.#pick(this.#dictionary));
    }
  }

  #overwrite(input: Buffer, bytes: readonly number[], change: (old: number, byte: number) => number): Buffer {
    if (input.length === 0) return Buffer.from(bytes);
    const at = this.#below(input.length);
    for (const [offset, byte] of bytes.entries()) {
      if (at + offset < input.length) input[at + offset] = change(input[at + offset] ?? 0, byte);
    }
    return input;
  }

  /** A telling number in two, four or eight bytes, either way round. */
  #word(): readonly number[] {
    const width = this.#pick([2, 4, 8] as const);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(this.#pick(WORDS)));
    const word = [...bytes.subarray(8 - width)];
    return this.#below(2) === 0 ? word : word.reverse();
  }

  #otherNumber(input: Buffer): Buffer {
    const text = input.toString("latin1");
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return this.#insert(input, Buffer.from(this.#pick(NUMBERS)));
    const { index, 0: digits } = this.#pick(numbers);
    return Buffer.from(text.slice(0, index) + this.#pick(NUMBERS) + text.slice(index + digits.length), "latin1");
  }

  #insert(input: Buffer, piece: Buffer): Buffer {
    const at = this.#below(input.length + 1);
    return Buffer.concat([input.subarray(0, at), piece, input.subarray(at)]);
  }

  /** A span of the input, short ones more often. */
  #span(input: Buffer): readonly [from: number, to: number] {
    const from = this.#below(input.length + 1);
    const most = this.#below(3) === 0 ? input.length : 16;
    return [from, Math.min(input.length, from + this.#below(most + 1))];
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }

  #below(bound: number): number {
    return bound === 0 ? 0 : this.#random.below(bound);
  }
}
