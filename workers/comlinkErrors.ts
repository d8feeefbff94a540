import * as Comlink from "comlink";

/** An error as it travels between threads; comlink's own way loses the code and the cause's text. */
interface TravellingError {
  readonly isError: true;
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  readonly code: string | number | null;
}
/** A thrown value that is no error. */
interface TravellingValue {
  readonly isError: false;
  readonly value: unknown;
}

/** An error that another thread threw; `code` is the one that it had there (`SQLITE_BUSY`, `EACCES`, 2003). */
class ThreadError extends Error {
  constructor(
    message: string,
    readonly code: string | number | null,
    /** The class's name in the other thread. */
    readonly remoteName: string,
  ) {
    super(message);
    this.name = "ThreadError";
  }
}

/**
 * Makes comlink carry an error's name, message, stack and code in this thread. Both sides call it once, before
 * their first use of comlink.
 */
export function keepErrorCodes(): void {
  const base = Comlink.transferHandlers.get("throw");
  if (base === undefined) throw new Error("This version of comlink has no handler for errors.");
  Comlink.transferHandlers.set("throw", {
    canHandle: (value: unknown): value is unknown => base.canHandle(value),
    serialize: (thrown: unknown): [TravellingError | TravellingValue, []] => [
      pack((thrown as { readonly value: unknown }).value),
      [],
    ],
    deserialize: (packed: TravellingError | TravellingValue): never => {
      throw packed.isError ? unpack(packed) : packed.value;
    },
  });
}

function pack(value: unknown): TravellingError | TravellingValue {
  if (!(value instanceof Error)) return { isError: false, value };
  const code =
    "code" in value && (typeof value.code === "string" || typeof value.code === "number") ? value.code : null;
  return { isError: true, name: value.name, message: value.message, stack: value.stack ?? null, code };
}

function unpack(packed: TravellingError): ThreadError {
  const error = new ThreadError(packed.message, packed.code, packed.name);
  if (packed.stack !== null) error.stack = packed.stack;
  return error;
}
