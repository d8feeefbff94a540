import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import type { JsonRecord } from "../../encoding/values.js";
import { type FileParser, FileTooLargeError, type ParsedFiles } from "../ruleset/ParsedFiles.js";
import { readXml, type XmlElement, XmlSyntaxError } from "../ruleset/XmlElement.js";
import { confJson } from "./confJson.js";
import { CONF_SECTIONS } from "./confSections.js";
import { maskElements } from "./maskElements.js";
import { maskText } from "./maskText.js";

/** The reference's configuration, below the root. */
const OSSEC_CONF = "etc/ossec.conf";

interface Conf {
  readonly text: string;
  readonly roots: readonly XmlElement[];
}

const confParser: FileParser<Conf> = {
  kind: "ossecConf",
  parse: async (text, pause) => ({ text, roots: await readXml(keepEscaped(text), pause) }),
};

/**
 * ossec.conf as JSON, all of it or a part, with its secrets masked.
 *
 * @throws MusterError 1101 when it can't be read, 1102 for a section that there can't be, 1106 for one that is not in
 *   it, 1103 for a field that the section has not
 */
export async function readConf(
  context: FunctionContext,
  parsed: ParsedFiles,
  { section, field }: { readonly section?: string | null | undefined; readonly field?: string | null | undefined },
): Promise<JsonRecord> {
  const { roots } = await load(context, parsed);
  const all = confJson(maskElements(roots, context.config.cluster.key));
  if (!section) return all;
  if (!Object.hasOwn(all, section)) throw MusterError.user(CONF_SECTIONS.has(section) ? 1106 : 1102, section);
  const found = all[section];
  if (!field) return { [section]: found };
  const onlyField = (options: unknown): JsonRecord => {
    if (!Object.hasOwn(options as JsonRecord, field)) throw MusterError.user(1103);
    return { [field]: (options as JsonRecord)[field] };
  };
  return { [section]: Array.isArray(found) ? found.map(onlyField) : onlyField(found) };
}

/**
 * The text of ossec.conf with its secrets masked. One that is not well formed is refused: nobody can tell where its
 * secrets are.
 *
 * @throws MusterError 1101
 */
export async function readRawConf(context: FunctionContext, parsed: ParsedFiles): Promise<string> {
  const { text } = await load(context, parsed);
  return maskText(text, context.config.cluster.key);
}

async function load({ files }: FunctionContext, parsed: ParsedFiles): Promise<Conf> {
  try {
    return await parsed.read(files, OSSEC_CONF, confParser);
  } catch (cause) {
    const reason = reasonOf(cause);
    if (reason === undefined) throw cause;
    throw MusterError.user(1101, `${OSSEC_CONF}: ${reason}`, { cause });
  }
}

/** Why a file gave nothing, without a word of its contents: a parser's own may repeat a piece of a secret. */
function reasonOf(cause: unknown): string | undefined {
  if (cause instanceof XmlSyntaxError) return `line ${String(cause.line)} is not well formed`;
  if (cause instanceof FileTooLargeError) return "it is too large to be read";
  return (cause as NodeJS.ErrnoException).code;
}

/** `&lt;` and `&gt;` stay as they are written, as the reference shows them. */
function keepEscaped(text: string): string {
  return text.replace(/<!\[CDATA\[[^]*?\]\]>|&(lt|gt);/g, (match, name: string | undefined) =>
    name === undefined ? match : `&amp;${name};`,
  );
}
