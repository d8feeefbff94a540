import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";

/** Characters of a settings file that are read; no honest one comes near. */
const LONGEST_FILE = 1024 * 1024;
/** Aliases that may be followed, so that a small file can't become a large value. */
const MOST_ALIASES = 100;

/** A mistake in the text itself. */
export interface YamlMistake {
  readonly line: number;
  readonly text: string;
}

/** A YAML (or JSON) text as plain data that remembers where everything stands. */
export class YamlDocument {
  readonly mistakes: readonly YamlMistake[];
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    const isTooLong = text.length > LONGEST_FILE;
    this.#document = parseDocument(isTooLong ? "" : text.replace(/^\uFEFF/, ""), {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: true,
    });
    this.mistakes = isTooLong
      ? [{ line: 1, text: `the file has more than ${LONGEST_FILE} characters` }]
      : this.#document.errors.map(({ message, pos }) => ({
          line: this.#lines.linePos(pos[0]).line,
          text: message.replace(/\s+/g, " "),
        }));
  }

  /** The plain value. @throws Error when aliases make it larger than it looks */
  value(): unknown {
    return this.#document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  }

  /** The line of the value at a path, or of the nearest thing above it that is there. */
  lineOf(path: readonly (string | number)[]): number | undefined {
    for (let depth = path.length; depth > 0; depth -= 1) {
      const offset = this.#offsetOf(path.slice(0, depth));
      if (offset !== undefined) return this.#lines.linePos(offset).line;
    }
    return undefined;
  }

  #offsetOf(path: readonly (string | number)[]): number | undefined {
    const name = path.at(-1);
    const holder = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true);
    if (isMap(holder)) {
      // The name, not the value: what is wrong can be that there is no value.
      const pair = holder.items.find(({ key }) => isScalar(key) && key.value === name);
      return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    }
    const node = this.#document.getIn(path, true);
    return isNode(node) ? node.range?.[0] : undefined;
  }
}
