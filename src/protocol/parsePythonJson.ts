const BLANKS = /[ \t\n\r]*/y;
const PLAIN_VALUE = /null|true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const FOUR_HEX_DIGITS = /[0-9a-fA-F]{4}/y;
const SIMPLE_ESCAPES = '"\\/bfnrt';

/**
 * Parses JSON. A peer whose JSON is broken reads why in the words of the reference's parser: `Expecting value: line 1
 * column 1 (char 0)` (observed.md, sequence).
 *
 * @throws SyntaxError with that text; positions count characters, not UTF-16 units
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { what, at } = findFault(text) ?? { what: "Expecting value", at: 0 };
    throw new SyntaxError(`${what}: ${positionText(text, at)}`, { cause: error });
  }
}

/** What is wrong with a text, and the UTF-16 unit at which it was noticed. */
interface Fault {
  readonly what: string;
  readonly at: number;
}

/** The first fault of a text; undefined when it is JSON after all. Nesting is bounded by the text alone. */
function findFault(text: string): Fault | undefined {
  const closers: ("}" | "]")[] = [];
  let at = afterBlanks(text, 0);
  for (;;) {
    const open = closers.length;
    const next = afterValue(text, at, closers);
    if (typeof next !== "number") return next;
    at = next;
    if (closers.length > open) continue;
    for (;;) {
      at = afterBlanks(text, at);
      const closer = closers.at(-1);
      if (closer === undefined) return at === text.length ? undefined : { what: "Extra data", at };
      if (text[at] !== closer) break;
      closers.pop();
      at += 1;
    }
    if (text[at] !== ",") return { what: "Expecting ',' delimiter", at };
    at = afterBlanks(text, at + 1);
    if (closers.at(-1) === "}") {
      const value = afterKey(text, at);
      if (typeof value !== "number") return value;
      at = value;
    }
  }
}

/** Behind the value that begins at `at`; of a container that is not empty, which is opened, where its first value begins. */
function afterValue(text: string, at: number, closers: ("}" | "]")[]): number | Fault {
  const first = text[at];
  if (first === '"') return afterString(text, at);
  if (first !== "{" && first !== "[") {
    PLAIN_VALUE.lastIndex = at;
    return PLAIN_VALUE.test(text) ? PLAIN_VALUE.lastIndex : { what: "Expecting value", at };
  }
  const closer = first === "{" ? "}" : "]";
  const inside = afterBlanks(text, at + 1);
  if (text[inside] === closer) return inside + 1;
  closers.push(closer);
  return closer === "]" ? inside : afterKey(text, inside);
}

/** Where the value behind a key begins. */
function afterKey(text: string, at: number): number | Fault {
  if (text[at] !== '"') return { what: "Expecting property name enclosed in double quotes", at };
  const end = afterString(text, at);
  if (typeof end !== "number") return end;
  const colon = afterBlanks(text, end);
  return text[colon] === ":" ? afterBlanks(text, colon + 1) : { what: "Expecting ':' delimiter", at: colon };
}

function afterString(text: string, begin: number): number | Fault {
  for (let at = begin + 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (unit < 0x20) return { what: "Invalid control character at", at };
    if (unit !== 0x5c) continue;
    const escaped = text[at + 1];
    if (escaped === undefined) break;
    if (escaped === "u") {
      FOUR_HEX_DIGITS.lastIndex = at + 2;
      // The reference's parser wants something behind the digits, too.
      if (!FOUR_HEX_DIGITS.test(text) || FOUR_HEX_DIGITS.lastIndex === text.length) return { what: "Invalid \\uXXXX escape", at: at + 1 };
      at += 4;
    } else if (!SIMPLE_ESCAPES.includes(escaped)) {
      return { what: "Invalid \\escape", at };
    }
    at += 1;
  }
  return { what: "Unterminated string starting at", at: begin };
}

function afterBlanks(text: string, at: number): number {
  BLANKS.lastIndex = at;
  BLANKS.test(text);
  return BLANKS.lastIndex;
}

function positionText(text: string, at: number): string {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  return `line ${line} column ${lengthInCharacters(before.slice(lineStart)) + 1} (char ${lengthInCharacters(before)})`;
}

function lengthInCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}
