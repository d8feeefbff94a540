/** Addresses that are remembered: more than a cluster has nodes, few enough to cost nothing. */
const MOST_ADDRESSES = 1024;

/**
 * Addresses of peers whose trouble has been told. A worker with a wrong key returns every few seconds
 * for ever; one line about it is enough, until a peer of that address is well.
 */
export class ToldAddresses {
  readonly #told = new Set<string>();

  /** Notes that the trouble is told now. False when it was told before. */
  tell(address: string): boolean {
    if (this.#told.has(address)) return false;
    const [oldest] = this.#told;
    if (this.#told.size >= MOST_ADDRESSES && oldest !== undefined) this.#told.delete(oldest);
    this.#told.add(address);
    return true;
  }

  /** A peer of this address is well: its next trouble is news. */
  forget(address: string): void {
    this.#told.delete(address);
  }
}
