/** Things by id, with a clear error for one that is gone. */
export class PeerRegistry<Peer> {
  readonly #peers = new Map<string, Peer>();

  add(id: string, peer: Peer): void {
    this.#peers.set(id, peer);
  }

  /** @throws Error when this peer's connection is gone. */
  get(id: string): Peer {
    const peer = this.#peers.get(id);
    if (peer === undefined) throw new Error("the connection of this worker is closed");
    return peer;
  }

  find(id: string): Peer | undefined {
    return this.#peers.get(id);
  }

  remove(id: string): void {
    this.#peers.delete(id);
  }

  get size(): number {
    return this.#peers.size;
  }

  values(): IterableIterator<Peer> {
    return this.#peers.values();
  }
}
