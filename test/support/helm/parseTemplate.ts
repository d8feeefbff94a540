/** A piece of a template: text, an action whose value is printed, or a block. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly expression: string }
  | { readonly kind: "set"; readonly name: string; readonly expression: string }
  | { readonly kind: "if"; readonly condition: string; readonly then: readonly Part[]; readonly otherwise: readonly Part[] };

/** What a file of templates holds: what it prints itself, and what it defines for others. */
export interface Template {
  readonly body: readonly Part[];
  readonly defined: ReadonlyMap<string, readonly Part[]>;
}

interface OpenBlock {
  readonly kind: "define" | "if" | "file";
  readonly name: string;
  readonly then: Part[];
  readonly otherwise: Part[];
  inElse: boolean;
}

const ACTION = /(\s*)\{\{(-?)\s*((?:\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\.)*"|[^}"])*?)\s*(-?)\}\}(\s*)/y;

/**
 * Reads the part of Go's template language that this chart keeps to: printing, `if`/`else`/`end`, `define`, variables set once, and
 * trimming of white space.
 *
 * @throws Error for anything else
 */
export function parseTemplate(source: string): Template {
  const defined = new Map<string, readonly Part[]>();
  const file: OpenBlock = { kind: "file", name: "", then: [], otherwise: [], inElse: false };
  const open: OpenBlock[] = [file];
  const top = (): OpenBlock => open.at(-1) ?? file;
  const add = (part: Part): void => {
    (top().inElse ? top().otherwise : top().then).push(part);
  };
  const text = (piece: string): void => {
    if (piece !== "") add({ kind: "text", text: piece });
  };
  let position = 0;
  while (position < source.length) {
    const next = source.indexOf("{{", position);
    if (next < 0) break;
    // White space before an action belongs to the match, which may drop it.
    let from = next;
    while (from > position && /\s/.test(source[from - 1] ?? "")) from -= 1;
    text(source.slice(position, from));
    ACTION.lastIndex = from;
    const match = ACTION.exec(source);
    if (match === null) throw new Error(`an action without its end: ${source.slice(next, next + 60)}`);
    const [whole, before = "", trimBefore, action = "", trimAfter, after = ""] = match;
    if (trimBefore === "") text(before);
    take(action);
    position = from + whole.length - (trimAfter === "" ? after.length : 0);
  }
  text(source.slice(position));
  if (open.length > 1) throw new Error(`${top().kind} ${top().name} has no end`);
  return { body: file.then, defined };

  function take(action: string): void {
    if (action.startsWith("/*")) return;
    const [word = "", ...rest] = action.split(/\s+/);
    const expression = rest.join(" ");
    if (word === "if") open.push({ kind: "if", name: expression, then: [], otherwise: [], inElse: false });
    else if (word === "define") open.push({ kind: "define", name: JSON.parse(expression) as string, then: [], otherwise: [], inElse: false });
    else if (word === "else" && expression === "") top().inElse = true;
    else if (word === "end") close();
    else if (/^\$\w+$/.test(word) && rest[0] === ":=") add({ kind: "set", name: word, expression: rest.slice(1).join(" ") });
    else if (/^(?:else|range|with|block|template)$/.test(word)) throw new Error(`this renderer knows no ${action}`);
    else add({ kind: "print", expression: action });
  }

  function close(): void {
    const block = open.pop();
    if (block === undefined || block.kind === "file") throw new Error("an end without a beginning");
    if (block.kind === "define") defined.set(block.name, block.then);
    else add({ kind: "if", condition: block.name, then: block.then, otherwise: block.otherwise });
  }
}
