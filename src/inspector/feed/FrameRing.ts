import { applyFrame, emptyState, type MutableState } from "../page/applyFrame.js";
import type { Frame } from "../page/wire.js";

/** Milliseconds that can be stepped back. */
const RING_TIME = 300_000;
const RING_FRAMES = 3_200;
/** Of the frames' text. */
const RING_BYTES = 8 * 1024 * 1024;

interface Kept {
  readonly frame: Frame;
  readonly text: string;
}

/** The frames of the last minutes, and the state before them. */
export class FrameRing {
  #kept: Kept[] = [];
  #bytes = 0;
  readonly #base: MutableState = emptyState();

  /** Keeps a frame with its JSON text; lets go of what is too old or too much. */
  push(frame: Frame, text: string): void {
    this.#kept.push({ frame, text });
    this.#bytes += text.length;
    let gone = 0;
    for (const old of this.#kept) {
      const isYoung = frame.at - old.frame.at <= RING_TIME;
      if (isYoung && this.#kept.length - gone <= RING_FRAMES && this.#bytes <= RING_BYTES) break;
      applyFrame(this.#base, old.frame);
      this.#bytes -= old.text.length;
      gone += 1;
    }
    if (gone > 0) this.#kept = this.#kept.slice(gone);
  }

  /** The state before the first frame, and the frames' JSON texts. */
  get content(): { readonly base: MutableState; readonly texts: readonly string[] } {
    return { base: this.#base, texts: this.#kept.map(({ text }) => text) };
  }
}
