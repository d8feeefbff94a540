import type { TextOutput } from "../CommandEnvironment.js";
import type { DemoNode } from "./DemoNode.js";

/** Lines of events that stay on the screen. */
const EVENTS_SHOWN = 12;
const CLEAR_FROM_HERE = "\u001b[0J";

/** What the demo shows: a live picture on a terminal, plain lines elsewhere. */
export class DemoScreen {
  readonly #output: TextOutput;
  readonly #events: string[] = [];
  #drawnLines = 0;

  constructor(output: TextOutput) {
    this.#output = output;
  }

  /** Something happened: a line that stays. */
  tell(text: string): void {
    if (!this.#isTerminal) {
      this.#output.write(`${text}\n`);
      return;
    }
    this.#events.push(text);
    if (this.#events.length > EVENTS_SHOWN) this.#events.shift();
  }

  /** Draws who is in which state, on a terminal. */
  draw(nodes: readonly DemoNode[], status: string): void {
    if (!this.#isTerminal) return;
    const width = this.#output.columns ?? 80;
    const lines = ["muster demo   (Ctrl-C ends it)", ""];
    for (const node of nodes) {
      lines.push(`${this.#bold(`${node.name} (${node.type})`)}   ${node.inspector}`);
      for (const [machine, state] of node.states) {
        if (state !== "" && machine !== "workerPeer") lines.push(`   ${machine.padEnd(28)} ${this.#colour(state)}`);
      }
    }
    lines.push("", status, "", ...this.#events);
    const text = lines.map((line) => cut(line, width)).join("\n");
    this.#output.write(`${this.#drawnLines > 0 ? `\u001b[${String(this.#drawnLines)}A\r` : ""}${CLEAR_FROM_HERE}${text}\n`);
    this.#drawnLines = lines.length;
  }

  get #isTerminal(): boolean {
    return this.#output.isTTY === true;
  }

  #bold(text: string): string {
    return this.#output.hasColors?.() === true ? `\u001b[1m${text}\u001b[0m` : text;
  }

  /** Resting states are quiet, errors red, the rest is work and stands out. */
  #colour(state: string): string {
    if (this.#output.hasColors?.() !== true) return state;
    if (state === "free" || state === "waiting") return `\u001b[2m${state}\u001b[0m`;
    if (state === "reportingError" || state === "failed" || state === "lost") return `\u001b[31m${state}\u001b[0m`;
    return state === "connected" || state === "running" ? `\u001b[32m${state}\u001b[0m` : `\u001b[33m${state}\u001b[0m`;
  }
}

/** Cuts a line that has colours in it to the terminal's width. */
function cut(line: string, width: number): string {
  // Only lines without colours can be longer than a terminal is wide.
  return line.includes("\u001b") || line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
