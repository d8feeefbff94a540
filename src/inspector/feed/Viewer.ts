/** The other end of a viewer's socket. */
export interface ViewerLink {
  send(text: string): void;
  /** Bytes that were sent and that the socket has not taken. */
  readonly bufferedAmount: number;
}

/** Bytes that may wait for a viewer; above, it is told nothing until it has read them. */
const SLOW_VIEWER_BYTES = 1024 * 1024;

/** One who watches: what it chose, and whether it keeps up. */
export class Viewer {
  /** The peer whose messages it wants. */
  peer: string | null = null;
  readonly #link: ViewerLink;
  #behind = false;

  constructor(link: ViewerLink) {
    this.#link = link;
  }

  /** Sends texts that build on what was sent before; once some were skipped, `whole` comes first, instead. */
  tell(texts: readonly string[], whole: () => string): void {
    if (this.#link.bufferedAmount > SLOW_VIEWER_BYTES) {
      this.#behind = true;
      return;
    }
    if (this.#behind) {
      this.#behind = false;
      this.#link.send(whole());
      return;
    }
    for (const text of texts) this.#link.send(text);
  }

  /** Sends something that may get lost. */
  mention(text: string): void {
    if (!this.#behind && this.#link.bufferedAmount <= SLOW_VIEWER_BYTES) this.#link.send(text);
  }

  greet(text: string): void {
    this.#link.send(text);
  }
}
