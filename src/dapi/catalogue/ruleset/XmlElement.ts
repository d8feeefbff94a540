import { SaxesParser } from "saxes";

/** One element of a rule or decoder file. */
export interface XmlElement {
  /** In lower case: the reference compares names so. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Its text before its first child, spaces kept; null when there is none. */
  readonly text: string | null;
  readonly children: readonly XmlElement[];
}

/** A file that is not well formed: what is wrong, and where. */
export class XmlSyntaxError extends Error {
  override readonly name = "XmlSyntaxError";
  /** Counted from 1. */
  readonly line: number;

  constructor(reason: string, line: number) {
    super(`${reason}, line ${line}`);
    this.line = line;
  }
}

/** Most elements of one file; the largest of the standard ruleset has some 5,000. */
const MOST_ELEMENTS = 1_000_000;

/** Deepest nesting of elements; rules need three. */
export const DEEPEST_ELEMENT = 64;

/** Characters that are parsed without a pause: a few milliseconds. */
const SLICE = 65_536;

interface OpenElement {
  readonly name: string;
  readonly attributes: Map<string, string>;
  text: string | null;
  readonly children: XmlElement[];
}

/**
 * Reads the root elements of a rule or decoder file as they are found in the field: several roots, raw `&` and `<`
 * in patterns, `\<`, comments with `--` inside. Pauses now and then, so that a large file holds up nobody.
 *
 * @throws XmlSyntaxError for text that is not well formed, has more than `MOST_ELEMENTS`, or nests too deeply
 */
export async function readXml(text: string, pause: () => Promise<void>): Promise<readonly XmlElement[]> {
  const reader = new XmlReader();
  const tame = tameFieldSyntax(text);
  for (let start = 0; start < tame.length; start += SLICE) {
    if (start > 0) await pause();
    reader.write(tame.slice(start, start + SLICE));
  }
  return reader.end();
}

class XmlReader {
  private readonly parser = new SaxesParser({ fragment: true, position: true, xmlns: false as const });
  private readonly roots: XmlElement[] = [];
  private readonly open: OpenElement[] = [];
  private elements = 0;
  private fault: XmlSyntaxError | undefined;

  constructor() {
    this.parser.on("error", (error) => this.fail(error.message.replace(/^\d+:\d+: /, "").replace(/\.$/, "")));
    this.parser.on("opentag", ({ name, attributes }) => this.opened(name, attributes));
    this.parser.on("text", (text) => this.addText(text));
    this.parser.on("cdata", (text) => this.addText(text));
    this.parser.on("closetag", () => this.closed());
  }

  write(text: string): void {
    this.parser.write(text);
    this.throwFault();
  }

  end(): readonly XmlElement[] {
    this.parser.close();
    this.throwFault();
    return this.roots;
  }

  private opened(name: string, attributes: Readonly<Record<string, string>>): void {
    this.elements += 1;
    if (this.elements > MOST_ELEMENTS) this.fail(`more than ${MOST_ELEMENTS} elements`);
    if (this.open.length >= DEEPEST_ELEMENT) this.fail(`elements nested more than ${DEEPEST_ELEMENT} deep`);
    const element = {
      name: name.toLowerCase(),
      attributes: new Map(Object.entries(attributes)),
      text: null,
      children: [],
    };
    // What follows a fault is not kept, so that a hostile file costs no more than its own size.
    if (this.fault === undefined) this.open.push(element);
  }

  private addText(text: string): void {
    const current = this.open.at(-1);
    if (current === undefined || current.children.length > 0) return;
    current.text = (current.text ?? "") + text;
  }

  private closed(): void {
    const done = this.open.pop();
    if (done === undefined) return;
    (this.open.at(-1)?.children ?? this.roots).push(done);
  }

  private fail(reason: string): void {
    this.fault ??= new XmlSyntaxError(reason, this.parser.line);
  }

  private throwFault(): void {
    if (this.fault !== undefined) throw this.fault;
  }
}

/** What pattern authors write and XML forbids, made XML; the number of lines stays. */
function tameFieldSyntax(text: string): string {
  const pattern =
    /<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->|<\?xml\b[^>]*\?>|^\uFEFF|\\<|<(?!\/?[A-Za-z_]|!--)|&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/gi;
  return text.replace(pattern, (match) => {
    if (match.startsWith("<!--")) return `<!--${match.slice(4, -3).replaceAll("-", ".")}-->`;
    if (match.startsWith("<![CDATA[")) return match;
    if (match === "&") return "&amp;";
    if (match === "\\<") return "\\&lt;";
    if (match === "<") return "&lt;";
    return match.replace(/[^\n]/g, "");
  });
}
