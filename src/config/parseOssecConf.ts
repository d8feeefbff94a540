import { SaxesParser } from "saxes";
import { ConfigurationError } from "./ConfigurationError.js";
import { isSecretName } from "./secrets.js";
import { TextPositions } from "./TextPositions.js";
import type { SourcePosition } from "./TextPositions.js";

/** One element of ossec.conf. */
export interface ConfElement {
  /** The element's name in lower case: the reference compares names so. */
  readonly name: string;
  /** Its own text without its children's, spaces at both ends removed. */
  readonly text: string;
  readonly children: readonly ConfElement[];
  /** Where its `<` stands. */
  readonly position: SourcePosition;
}

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: ConfElement[];
  readonly position: SourcePosition;
}

/**
 * Reads ossec.conf as it is found in the field: several root elements one after another, comments
 * (also with `--` inside), raw `&`, and `\<` for a `<` that opens no element (dapi.md 5.1).
 *
 * @param text the file's contents
 * @param file its path, for messages
 * @returns the root elements in their order; every element with its line and column
 * @throws ConfigurationError 3006 for text that is not well formed, with file, line and column
 */
export function parseOssecConf(text: string, file: string): readonly ConfElement[] {
  const positions = new TextPositions(text);
  const tame = tameFieldSyntax(text);
  const roots: ConfElement[] = [];
  const open: OpenElement[] = [];
  let firstError: { readonly offset: number; readonly reason: string } | undefined;

  const parser = new SaxesParser({ fragment: true, position: true });
  parser.on("error", (error) => {
    if (firstError !== undefined) return;
    // The parser's own words may repeat a part of a secret that was taken for a tag.
    const insideSecret = open.some((element) => isSecretName(element.name));
    firstError = { offset: parser.position, reason: insideSecret ? "malformed value" : reasonOf(error) };
  });
  parser.on("opentagstart", ({ name }) => {
    const start = tame.text.lastIndexOf("<", parser.position - 1);
    open.push({ name: name.toLowerCase(), text: "", children: [], position: positions.at(Math.max(start, 0)) });
  });
  const addText = (part: string): void => {
    const current = open.at(-1);
    if (current !== undefined) current.text += tame.restore(part);
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    const done = open.pop();
    if (done === undefined) return;
    const siblings = open.at(-1)?.children ?? roots;
    siblings.push({ ...done, text: done.text.trim() });
  });

  parser.write(tame.text).close();
  if (firstError !== undefined) {
    throw ConfigurationError.malformedXml(file, positions.at(Math.max(firstError.offset - 1, 0)), firstError.reason);
  }
  return roots;
}

/** The parser's message without the position that it puts in front. */
function reasonOf(error: Error): string {
  return error.message.replace(/^\d+:\d+: /, "").replace(/\.$/, "");
}

/**
 * Replaces what XML forbids and the field uses by characters that XML allows, never changing the
 * text's length, so that offsets keep their meaning.
 */
function tameFieldSyntax(text: string): { readonly text: string; restore(part: string): string } {
  const ampersand = unusedCharacter(text, "");
  const escapedLess = unusedCharacter(text, ampersand);
  const nothing = unusedCharacter(text, ampersand + escapedLess);
  const pattern =
    /<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->|<\?xml\b[^>]*\?>|^\uFEFF|\\<(?![/!?])|&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/gi;
  const tamed = text.replace(pattern, (match) => {
    if (match === "&") return ampersand;
    if (match === "\\<") return escapedLess + escapedLess;
    if (match.startsWith("<![CDATA[")) return match;
    return nothing.repeat(match.length);
  });
  return {
    text: tamed,
    restore: (part) =>
      part
        .replaceAll(nothing, "")
        .replaceAll(escapedLess + escapedLess, "<")
        .replaceAll(ampersand, "&"),
  };
}

/** A character of the private use area that neither the text nor `taken` holds. */
function unusedCharacter(text: string, taken: string): string {
  for (let code = 0xe000; code <= 0xf8ff; code += 1) {
    const character = String.fromCharCode(code);
    if (!taken.includes(character) && !text.includes(character)) return character;
  }
  // A text that holds the whole private use area is no configuration: any choice is as good.
  return "\uE000";
}
