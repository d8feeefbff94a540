import { Details, otherAttributes } from "../ruleset/Details.js";
import type { FileParser } from "../ruleset/ParsedFiles.js";
import { readXml, type XmlElement } from "../ruleset/XmlElement.js";

/** What a decoder's file says of it (dapi.md 3.5). */
export interface ParsedDecoder {
  readonly name: string;
  /** Its place among the decoders of its file, from 0. */
  readonly position: number;
  /** Texts, null for an empty element, or objects `{pattern, …attributes}`. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Elements of a decoder that hold a pattern, and may have attributes such as `offset` and `type`. */
const PATTERNS: ReadonlySet<string> = new Set(["program_name", "prematch", "regex"]);

/** What is wrong with a decoder, although its file is well formed. */
export class DecoderError extends Error {
  override readonly name = "DecoderError";
}

export const decodersParser: FileParser<readonly ParsedDecoder[]> = {
  kind: "decoders",
  parse: async (text, pause) => parseDecoders(await readXml(text, pause)),
};

/** The decoders of a file, in their order. @throws DecoderError for one without a name */
export function parseDecoders(roots: readonly XmlElement[]): readonly ParsedDecoder[] {
  return roots.filter(({ name }) => name === "decoder").map(parseDecoder);
}

function parseDecoder(decoder: XmlElement, position: number): ParsedDecoder {
  const name = decoder.attributes.get("name");
  if (name === undefined) throw new DecoderError(`decoder ${position + 1} has no name`);
  const details = new Details();
  for (const [attribute, value] of otherAttributes(decoder, "name")) details.set(attribute, value);
  for (const element of decoder.children) {
    if (PATTERNS.has(element.name)) details.addPattern(element.name, element.text ?? "", element.attributes);
    else details.set(element.name, element.text);
  }
  return Object.freeze({ name, position, details: details.toObject() });
}
