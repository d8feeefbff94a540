import koffi from "koffi";
import { constants } from "node:os";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const PATH_BYTES = 108;

/** Milliseconds between two looks for a datagram. */
const POLL_INTERVAL = 5;

/** Milliseconds after which a datagram that was waited for counts as lost. */
const NEXT_DEADLINE = 30_000;

const library = koffi.load("libc.so.6");
const socket = library.func("int socket(int, int, int)") as (family: number, type: number, protocol: number) => number;
const bind = library.func("int bind(int, const uint8_t *, uint32_t)") as (
  fd: number,
  address: Uint8Array,
  size: number,
) => number;
const recv = library.func("intptr_t recv(int, _Out_ uint8_t *, size_t, int)") as (
  fd: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
) => number;
const close = library.func("int close(int)") as (fd: number) => number;

/** A bound Unix datagram socket. It takes nothing by itself: datagrams wait in its queue until `next` asks. */
export class DatagramReceiver {
  readonly #fd: number;

  /** @param path a file's path, or a name in the abstract namespace after `@` */
  constructor(path: string) {
    const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
    if (name.length > PATH_BYTES) throw new Error(`${path} fits no socket's address`);
    const family = Buffer.alloc(2);
    new Uint16Array(family.buffer, family.byteOffset, 1)[0] = AF_UNIX;
    const address = Buffer.concat([family, name]);
    this.#fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (this.#fd < 0 || bind(this.#fd, address, address.length) !== 0) {
      throw new Error(`${path} can't be bound: errno ${String(koffi.errno())}`);
    }
  }

  /** The next datagram. */
  async next(): Promise<Buffer> {
    const deadline = performance.now() + NEXT_DEADLINE;
    for (;;) {
      const datagram = this.take();
      if (datagram !== undefined) return datagram;
      if (performance.now() > deadline) throw new Error("No datagram came.");
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
    }
  }

  /** A datagram that is there already. */
  take(): Buffer | undefined {
    const bytes = Buffer.alloc(256 * 1024);
    const length = Number(recv(this.#fd, bytes, bytes.length, MSG_DONTWAIT));
    if (length >= 0) return bytes.subarray(0, length);
    if (koffi.errno() === constants.errno.EAGAIN) return undefined;
    throw new Error(`recv failed: errno ${String(koffi.errno())}`);
  }

  close(): void {
    close(this.#fd);
  }
}
