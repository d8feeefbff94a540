import type { LogView } from "../page/wire.js";

/** Lines told in one frame; of more, only their number. */
const MOST_LINES = 200;
/** Characters of a message that are shown. */
const MOST_MESSAGE_CHARACTERS = 1_000;

/** The log's finished lines, secrets masked already. */
export class LogBook {
  #lines: LogView[] = [];
  #missed = 0;

  note(line: string): void {
    if (this.#lines.length >= MOST_LINES) {
      this.#missed += 1;
      return;
    }
    const { level, message, time, tag, subtag, process } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const brackets = [tag, subtag].filter((text) => typeof text === "string");
    this.#lines.push({
      at: Date.parse(textOf(time)),
      level: textOf(level),
      message: textOf(message).slice(0, MOST_MESSAGE_CHARACTERS),
      tag: brackets.join(" · "),
      process: typeof process === "string" ? process : null,
    });
  }

  take(): { readonly logs: readonly LogView[]; readonly missed: number } {
    const news = { logs: this.#lines, missed: this.#missed };
    this.#lines = [];
    this.#missed = 0;
    return news;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
