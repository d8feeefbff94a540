import { MASK } from "../../../config/secrets.js";
import { isSecretAttribute, isSecretElement, withoutKnownSecrets } from "./confSecrets.js";

/** The beginning of an element: its name, its attributes (no `<` is in them), and a slash when it has no content. */
const OPENING = /<([A-Za-z_][^\s<>"'/=]*)((?:"[^"<]*"|'[^'<]*'|[^<>"'])*)>/g;
const ATTRIBUTE = /([^\s<>"'/=]+)(\s*=\s*)("[^"]*"|'[^']*')/g;

/**
 * The text of a well-formed configuration with all secrets masked, those in comments as well; all else stays as it
 * is, to the space.
 *
 * @param text well formed: the caller has parsed it. What is not may hide a secret
 */
export function maskText(text: string, clusterKey: string): string {
  const parts: string[] = [];
  let copied = 0;
  OPENING.lastIndex = 0;
  for (let match = OPENING.exec(text); match !== null; match = OPENING.exec(text)) {
    const [opening, name = "", attributes = ""] = match;
    const start = match.index + opening.length;
    parts.push(text.slice(copied, match.index), maskAttributes(opening, name));
    copied = start;
    if (attributes.endsWith("/") || !isSecretElement(name, attributesIn(attributes))) continue;
    const end = contentEnd(text, start, name);
    const content = text.slice(start, end);
    parts.push(content.trim() === "" ? content : MASK);
    copied = end;
    OPENING.lastIndex = end;
  }
  parts.push(text.slice(copied));
  return withoutKnownSecrets(parts.join(""), clusterKey);
}

function attributesIn(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(ATTRIBUTE)].map(([, name = "", , quoted = ""]) => [name, quoted.slice(1, -1)]));
}

function maskAttributes(opening: string, element: string): string {
  return opening.replace(ATTRIBUTE, (whole, name: string, equals: string, quoted: string) =>
    isSecretAttribute(element, name) && quoted.length > 2
      ? `${name}${equals}${quoted.charAt(0)}${MASK}${quoted.charAt(0)}`
      : whole,
  );
}

/**
 * Where the content of an element ends: at its own closing tag, elements of the same name inside it left out, or, for
 * one that stands in a comment and is never closed, at the comment's end. Comments and CDATA in it are content.
 */
function contentEnd(text: string, start: number, name: string): number {
  const inside = `<${escaped(name)}(?=[\\s/>])(?:"[^"<]*"|'[^'<]*'|[^<>"'])*>`;
  const marks = new RegExp(`<!--|-->|<!\\[CDATA\\[|</${escaped(name)}\\s*>|${inside}`, "gi");
  marks.lastIndex = start;
  let open = 1;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const [found] = mark;
    const inner = found === "<!--" ? "-->" : found.startsWith("<![") ? "]]>" : undefined;
    if (inner !== undefined) {
      const end = text.indexOf(inner, marks.lastIndex);
      if (end === -1) return text.length;
      marks.lastIndex = end + inner.length;
    } else if (found === "-->") {
      return mark.index;
    } else if (found.startsWith("</")) {
      open -= 1;
      if (open === 0) return mark.index;
    } else if (!found.endsWith("/>")) {
      open += 1;
    }
  }
  return text.length;
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
