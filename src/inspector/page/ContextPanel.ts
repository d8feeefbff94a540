import { errorOf } from "./applyFrame.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { ago, bytes, clockTime, during } from "./format.js";
import type { Scene, View } from "./Scene.js";
import type { Plain } from "./wire.js";

/** Names whose numbers are instants, and sizes; intervals stand at the end, because they never change. */
const INSTANT = /(?:At|^at|lastKeepalive|lastAnswer)$/;
const SIZE = /bytes/i;
const MONOTONIC = /Monotonic$/;
const SETTING = /(?:Deadline|Timeout|timeout|Retry|Integrity|AgentInfo|keepAlive|Keepalive|Attempts|Concurrency|Capacity|concurrency|capacity|retryIn)/;

/** Characters from which a value has a line of its own. */
const LONG_VALUE = 22;

interface Row {
  readonly name: HTMLElement;
  readonly value: HTMLElement;
}

/** What the chosen actor knows: its public context, flat. */
export class ContextPanel implements View {
  readonly element: HTMLElement;
  readonly #state = h("p", { class: "current" });
  readonly #error = h("p", { class: "error", hidden: true });
  readonly #list = h("dl", {});
  readonly #settings = h("dl", {});
  readonly #rows = new Map<string, Row>();

  constructor() {
    const settings = h("details", {}, h("summary", {}, "Settings"), this.#settings);
    this.element = h("aside", { class: "context", "aria-label": "Context" }, this.#state, this.#error, this.#list, settings);
  }

  render({ selected, at }: Scene): void {
    if (selected === undefined) {
      setText(this.#state, "");
      setChildren(this.#list, []);
      setChildren(this.#settings, []);
      this.#error.hidden = true;
      return;
    }
    setText(this.#state, `${selected.state}${during(at - selected.since, selected.exact ? "" : "over ")}`);
    const error = errorOf(selected);
    this.#error.hidden = error === null;
    setText(this.#error, error === null ? "" : `Last error, ${ago(at - error.at)}, in ${error.message}`);
    const entries = flat(selected.context, "").filter(([name]) => !name.includes("lastError"));
    const isSetting = ([name, value]: Entry): boolean => typeof value === "number" && !name.includes(".") && SETTING.test(name) && !INSTANT.test(name);
    this.#fill(this.#list, entries.filter((entry) => !isSetting(entry)), at);
    this.#fill(this.#settings, entries.filter(isSetting), at);
  }

  #fill(list: HTMLElement, entries: readonly Entry[], at: number): void {
    const children = entries.flatMap(([name, value]) => {
      const row = this.#rows.get(name) ?? { name: h("dt", {}, name.replace("record.", "")), value: h("dd", {}) };
      this.#rows.set(name, row);
      const text = words(name, value, at);
      setText(row.value, text);
      setAttribute(row.value, "data-long", String(text.length > LONG_VALUE));
      if (typeof value === "number" && value > 0 && isInstant(name)) setAttribute(row.value, "title", clockTime(value));
      return [row.name, row.value];
    });
    setChildren(list, children);
  }
}

type Entry = readonly [string, Plain];

/** `record.lastSuccess.endedAt` and its value, for each value that is no object. */
function flat(value: { readonly [name: string]: Plain }, prefix: string): Entry[] {
  return Object.entries(value).flatMap(([name, inner]): Entry[] => {
    if (MONOTONIC.test(name)) return [];
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return [[`${prefix}${name}`, inner]];
    return flat(inner as { readonly [name: string]: Plain }, `${prefix}${name}.`);
  });
}

function words(name: string, value: Plain, at: number): string {
  if (value === null) return "–";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((entry) => JSON.stringify(entry)).join(", ");
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  if (typeof value !== "number") return JSON.stringify(value);
  if (isInstant(name)) return value === 0 ? "–" : ago(at - value);
  return SIZE.test(name) ? bytes(value) : value.toLocaleString("en");
}

function isInstant(name: string): boolean {
  return INSTANT.test(name.split(".").at(-1) ?? name);
}
