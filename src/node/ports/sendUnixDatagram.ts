import koffi from "koffi";
import { constants } from "node:os";
import type { Clock } from "../../protocol/Clock.js";

/** Linux's values: `socket(2)`, `unix(7)`. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of `sun_path` in `sockaddr_un`. */
const PATH_BYTES = 108;
const FAMILY_BYTES = 2;

/** Milliseconds until a receiver whose queue was full is tried again. */
const RETRY_INTERVAL = 10;

/** The C library's calls, bound when the first datagram is sent. */
interface DatagramCalls {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly sendto: (
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    size: number,
  ) => number;
  readonly close: (fd: number) => number;
}

let bound: DatagramCalls | undefined;

/**
 * Sends one datagram to a Unix socket. Node has no such sockets; the C library's own calls do it, none of which waits.
 *
 * @param path absolute; one that begins with `@` is a name in Linux's abstract namespace
 * @throws an error with `code`, the system's: ENOENT, ECONNREFUSED, …; ENAMETOOLONG for a path that fits no
 *   socket's address; EAGAIN when the receiver's queue stays full for `timeout` milliseconds
 */
export async function sendUnixDatagram(
  path: string,
  message: Uint8Array,
  { clock, timeout }: { readonly clock: Clock; readonly timeout: number },
): Promise<void> {
  const address = addressOf(path);
  const calls = (bound ??= bind());
  const fd = calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemError(path);
  try {
    const start = clock.now();
    for (;;) {
      const sent = calls.sendto(fd, message, message.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length);
      if (sent >= 0) return;
      const error = systemError(path);
      if (error.code !== "EAGAIN") throw error;
      if (clock.now() - start >= timeout) {
        throw Object.assign(new Error(`EAGAIN: ${path} took nothing for ${String(timeout)} ms`), { code: "EAGAIN" });
      }
      await new Promise<void>((resolve) => {
        clock.setTimeout(() => {
          resolve();
        }, RETRY_INTERVAL);
      });
    }
  } finally {
    calls.close(fd);
  }
}

function bind(): DatagramCalls {
  // Its soname is the same for glibc on every architecture; musl answers to it by its own name.
  const library = loadFirst(["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libc.so"]);
  return {
    socket: library.func("int socket(int, int, int)") as DatagramCalls["socket"],
    sendto: library.func(
      "intptr_t sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)",
    ) as DatagramCalls["sendto"],
    close: library.func("int close(int)") as DatagramCalls["close"],
  };
}

function loadFirst(names: readonly string[]): ReturnType<typeof koffi.load> {
  let cause: unknown;
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch (error) {
      cause = error;
    }
  }
  throw Object.assign(
    new Error("ENOSYS: the C library was not found: Unix datagrams can't be sent on this system", { cause }),
    { code: "ENOSYS" },
  );
}

/** `sockaddr_un`: the family in the machine's byte order, then the path. */
function addressOf(path: string): Uint8Array {
  const isAbstract = path.startsWith("@");
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > PATH_BYTES) {
    throw Object.assign(new Error(`ENAMETOOLONG: ${path} is longer than a Unix socket's address`), {
      code: "ENAMETOOLONG",
    });
  }
  const address = Buffer.alloc(FAMILY_BYTES + name.length);
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = AF_UNIX;
  name.copy(address, FAMILY_BYTES);
  return address;
}

/** The system's last error in this thread, by its name. */
function systemError(path: string): Error & { readonly code: string } {
  const number = koffi.errno();
  const code = Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `E${String(number)}`;
  return Object.assign(new Error(`${code}: a datagram could not be sent to ${path}`), { code });
}
