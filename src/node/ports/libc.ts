import koffi from "koffi";
import { constants } from "node:os";

// Its soname is the same for glibc on every architecture; musl answers to it by its own name.
const NAMES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libc.so"] as const;

/**
 * The system's C library, for the few calls that Node lacks. None of those made through it waits.
 *
 * @param purpose ends the sentence of the error: `Unix datagrams can't be sent`
 * @throws an error with code ENOSYS where there is none
 */
export function loadLibc(purpose: string): ReturnType<typeof koffi.load> {
  let cause: unknown;
  for (const name of NAMES) {
    try {
      return koffi.load(name);
    } catch (error) {
      cause = error;
    }
  }
  throw Object.assign(new Error(`ENOSYS: the C library was not found: ${purpose} on this system`, { cause }), { code: "ENOSYS" });
}

/** The system's last error in this thread, by its name: `EAGAIN`. */
export function lastErrorCode(): string {
  const number = koffi.errno();
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `E${String(number)}`;
}
