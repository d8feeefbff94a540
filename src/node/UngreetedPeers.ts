/** A connection that has not said hello yet. */
interface Ungreeted {
  readonly id: string;
  readonly address: string;
}

/**
 * Connections without a hello, oldest first. Beyond the limits the oldest one has to go, so that a
 * flood keeps no honest worker out (quality.md 2).
 */
export class UngreetedPeers {
  readonly #perAddress: number;
  readonly #inAll: number;
  readonly #waiting: Ungreeted[] = [];

  constructor(limits: { readonly ungreetedPerAddress: number; readonly ungreetedConnections: number }) {
    this.#perAddress = limits.ungreetedPerAddress;
    this.#inAll = limits.ungreetedConnections;
  }

  /** Notes a new connection. Returns the id of the one that has to go for it, if any. */
  add(id: string, address: string): string | undefined {
    const sameAddress = this.#waiting.filter((waiting) => waiting.address === address);
    const victim =
      sameAddress.length >= this.#perAddress
        ? sameAddress[0]
        : this.#waiting.length >= this.#inAll
          ? this.#waiting[0]
          : undefined;
    if (victim !== undefined) this.remove(victim.id);
    this.#waiting.push({ id, address });
    return victim?.id;
  }

  /** The connection is greeted, or gone. */
  remove(id: string): void {
    const at = this.#waiting.findIndex((waiting) => waiting.id === id);
    if (at >= 0) this.#waiting.splice(at, 1);
  }
}
