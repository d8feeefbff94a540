const ALLOCATORS = ["alloc", "allocUnsafe", "allocUnsafeSlow"] as const;

/** Bytes that buffers were asked for since `begin`, by the calls through which a length from outside can become memory. */
export class Allocations {
  #bytes = 0;
  readonly #undo: (() => void)[] = [];

  /** Watches from here on. */
  constructor() {
    for (const name of ALLOCATORS) {
      const original = Buffer[name].bind(Buffer);
      Object.assign(Buffer, {
        [name]: (size: number, ...rest: []) => {
          this.#bytes += size;
          return original(size, ...rest);
        },
      });
      this.#undo.push(() => Object.assign(Buffer, { [name]: original }));
    }
    const OriginalShared = globalThis.SharedArrayBuffer;
    const count = (size: number): void => {
      this.#bytes += size;
    };
    globalThis.SharedArrayBuffer = new Proxy(OriginalShared, {
      construct: (target, args: [number]) => {
        count(args[0]);
        return new target(...args);
      },
    });
    this.#undo.push(() => {
      globalThis.SharedArrayBuffer = OriginalShared;
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  begin(): void {
    this.#bytes = 0;
  }

  end(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}
