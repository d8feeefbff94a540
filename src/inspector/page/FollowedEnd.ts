/** Pixels from the end within which a list counts as being there: about a row, whose height may be guessed until it is seen. */
const END_ROOM = 24;

/** Whether a list is at its end, and goes on following it: told by its scrolling, so that no picture has to ask for the layout. */
export class FollowedEnd {
  readonly #list: HTMLElement;
  #isAtEnd = true;

  /** @param onLeave called when a viewer scrolls away from the end */
  constructor(list: HTMLElement, onLeave?: () => void) {
    this.#list = list;
    const look = (): void => {
      const wasAtEnd = this.#isAtEnd;
      this.#isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - END_ROOM;
      if (wasAtEnd && !this.#isAtEnd) onLeave?.();
    };
    list.addEventListener("scroll", look, { passive: true });
  }

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** Call once the list's rows are those of the picture, when anything was added or removed. */
  follow(): void {
    if (this.#isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }
}
