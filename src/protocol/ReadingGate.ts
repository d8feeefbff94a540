import type { ByteLink } from "./ByteLink.js";
import type { Clock, TimerHandle } from "./Clock.js";

export interface ReadingGateOptions {
  readonly link: Pick<ByteLink, "pause" | "resume">;
  readonly clock: Clock;
  /** Bytes held above which nothing more is read from the link. */
  readonly bound: number;
  /** Seconds without any room on the link after which unread answers end the connection. */
  readonly stallSeconds: number;
  /** Called when the gate is shut for `stallSeconds` because the peer does not read its answers. */
  readonly onStalled: (answerBytes: number) => void;
}

/**
 * Backpressure of one channel: counts the bytes that the peer's messages hold here (waiting to be
 * opened, being handled, or answered by bytes that the peer has not read) and stops reading from
 * the link while there are too many.
 */
export class ReadingGate {
  readonly #options: ReadingGateOptions;
  #received = 0;
  #answers = 0;
  #shut = false;
  #stopped = false;
  #stallTimer: { readonly handle: TimerHandle } | undefined;

  constructor(options: ReadingGateOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#received + this.#answers;
  }

  get isShut(): boolean {
    return this.#shut;
  }

  holdReceived(bytes: number): void {
    this.#received += bytes;
    this.#update();
  }

  releaseReceived(bytes: number): void {
    this.#received -= bytes;
    this.#update();
  }

  holdAnswer(bytes: number): void {
    this.#answers += bytes;
    this.#update();
  }

  releaseAnswer(bytes: number): void {
    this.#answers -= bytes;
    this.#update();
  }

  /** The link took bytes: the peer is reading. */
  progress(): void {
    if (this.#shut && !this.#stopped) this.#watch();
  }

  /** Opens the gate for good: a link that nobody reads would not notice that the peer closes it. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#clearTimer();
    if (!this.#shut) return;
    this.#shut = false;
    this.#options.link.resume();
  }

  #update(): void {
    if (this.#stopped) return;
    const shut = this.bytes > this.#options.bound;
    if (shut === this.#shut) return;
    this.#shut = shut;
    if (shut) {
      this.#watch();
      this.#options.link.pause();
    } else {
      this.#clearTimer();
      this.#options.link.resume();
    }
  }

  /** Two nodes that both wait for the other to read would wait for ever: one of them gives up. */
  #watch(): void {
    this.#clearTimer();
    const handle = this.#options.clock.setTimeout(() => {
      this.#stallTimer = undefined;
      if (this.#answers > this.#options.bound) this.#options.onStalled(this.#answers);
      else if (this.#shut && !this.#stopped) this.#watch();
    }, this.#options.stallSeconds * 1000);
    this.#stallTimer = { handle };
  }

  #clearTimer(): void {
    if (this.#stallTimer === undefined) return;
    this.#options.clock.clearTimeout(this.#stallTimer.handle);
    this.#stallTimer = undefined;
  }
}
