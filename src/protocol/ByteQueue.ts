/** Chunks below this many bytes are copied together, so that a stream of tiny ones costs no object each. */
const SMALL_CHUNK_BYTES = 4096;
/** A chunk is kept by reference while the memory behind it is at most this many times its size. */
const MOST_MEMORY_PER_BYTE = 4;

/**
 * Bytes in the order of their arrival: appended in chunks of any size, taken in pieces of any size.
 * Large chunks are kept by reference, so a chunk must not be changed once appended.
 *
 * Memory stays within a few times the bytes held, however the stream is cut.
 */
export class ByteQueue {
  /** The head is `#chunks[#first]` from `#offset` on; what lies before has been taken. */
  #chunks: Buffer[] = [];
  #first = 0;
  #offset = 0;
  #length = 0;
  /** Free room behind the last chunk, when that chunk is one of this queue's own. */
  #room: Buffer | undefined;

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#length > 0 && chunk.length < SMALL_CHUNK_BYTES) this.#appendCopy(chunk);
    else this.#appendReference(chunk);
    this.#length += chunk.length;
  }

  /**
   * Removes and returns the first `count` bytes: a view where they lie in one chunk, otherwise joined once.
   *
   * @throws RangeError when the queue holds less.
   */
  take(count: number): Buffer {
    if (count > this.#length) throw new RangeError(`Can't take ${count} bytes of ${this.#length}`);
    const pieces: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const piece = this.#takeFromHead(missing);
      pieces.push(piece);
      missing -= piece.length;
    }
    this.#length -= count;
    this.#dropTaken();
    const [only] = pieces;
    return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces, count);
  }

  /** Forgets everything held. */
  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
    this.#length = 0;
    this.#room = undefined;
  }

  #appendReference(chunk: Uint8Array): void {
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    // A small part of something large would keep all of that alive.
    const wasteful = chunk.length * MOST_MEMORY_PER_BYTE < chunk.buffer.byteLength;
    this.#chunks.push(wasteful ? Buffer.concat([view]) : view);
    this.#room = undefined;
  }

  #appendCopy(chunk: Uint8Array): void {
    let rest = chunk;
    if (this.#room !== undefined) {
      const fitting = rest.subarray(0, this.#room.length);
      this.#extendLast(fitting, this.#room);
      rest = rest.subarray(fitting.length);
    }
    if (rest.length === 0) return;
    // Not from Node's shared pool: a piece lives as long as its bytes wait.
    const piece = Buffer.allocUnsafeSlow(SMALL_CHUNK_BYTES);
    piece.set(rest);
    this.#chunks.push(piece.subarray(0, rest.length));
    this.#room = piece.subarray(rest.length);
  }

  /** Writes into the free room and lengthens the last chunk over it; bytes handed out earlier stay as they are. */
  #extendLast(bytes: Uint8Array, room: Buffer): void {
    const last = this.#chunks[this.#chunks.length - 1];
    if (last === undefined) throw new Error("Free room without a chunk before it");
    room.set(bytes);
    const longer = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    this.#chunks[this.#chunks.length - 1] = longer;
    this.#room = room.length > bytes.length ? room.subarray(bytes.length) : undefined;
  }

  #takeFromHead(most: number): Buffer {
    const head = this.#chunks[this.#first];
    if (head === undefined) throw new Error("The queue's length and its chunks disagree");
    const end = Math.min(head.length, this.#offset + most);
    const piece = head.subarray(this.#offset, end);
    if (end === head.length) {
      this.#first += 1;
      this.#offset = 0;
    } else {
      this.#offset = end;
    }
    return piece;
  }

  #dropTaken(): void {
    if (this.#first === this.#chunks.length) this.clear();
    else if (this.#first > this.#chunks.length / 2) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
