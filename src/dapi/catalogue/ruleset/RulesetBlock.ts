import { posix } from "node:path";
import { type ConfElement, parseOssecConf } from "../../../config/parseOssecConf.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import type { FileParser, ParsedFiles } from "./ParsedFiles.js";

/** Where the reference has its configuration, below the root. */
const OSSEC_CONF = "etc/ossec.conf";

/** Rules or decoders: they are found in the same way. */
export type RulesetKind = "rule" | "decoder";

/** Where rules or decoders are, as the `<ruleset>` blocks of ossec.conf say. Paths are relative to the root. */
export interface RulesetPlaces {
  /** Folders whose `*.xml` are read. */
  readonly folders: readonly string[];
  /** Single files besides. */
  readonly included: readonly string[];
  /** Names of files that are disabled, wherever they are. */
  readonly excluded: ReadonlySet<string>;
}

/** All that `<ruleset>` says. */
export interface RulesetBlock {
  readonly rule: RulesetPlaces;
  readonly decoder: RulesetPlaces;
  /** CDB lists that the rules may use, by their path. */
  readonly lists: readonly string[];
}

/** What a node without `<rule_dir>` or `<decoder_dir>` reads, and where a bare name in `<rule_include>` is. */
const DEFAULT_FOLDERS: Readonly<Record<RulesetKind, readonly [string, ...string[]]>> = Object.freeze({
  rule: ["ruleset/rules", "etc/rules"],
  decoder: ["ruleset/decoders", "etc/decoders"],
});

/**
 * The ruleset's places on this node; ossec.conf is parsed again only after a change.
 *
 * @throws ConfigurationError when ossec.conf is not well formed; the system's error when it can't be read
 */
export async function readRulesetBlock({ files, config }: FunctionContext, parsed: ParsedFiles): Promise<RulesetBlock> {
  const elements = await parsed.read(files, OSSEC_CONF, rulesetParser);
  const placesOf = (kind: RulesetKind): RulesetPlaces => {
    const folders = pathsOf(elements, `${kind}_dir`, config.root);
    const [home] = DEFAULT_FOLDERS[kind];
    return {
      folders: folders.length === 0 ? DEFAULT_FOLDERS[kind] : [...new Set(folders)],
      included: pathsOf(elements, `${kind}_include`, config.root).map((path) =>
        path.includes("/") ? path : `${home}/${path}`,
      ),
      excluded: new Set(pathsOf(elements, `${kind}_exclude`, config.root).map((path) => posix.basename(path))),
    };
  };
  return { rule: placesOf("rule"), decoder: placesOf("decoder"), lists: pathsOf(elements, "list", config.root) };
}

/** The elements of all `<ruleset>` blocks; several count as one. */
const rulesetParser: FileParser<readonly ConfElement[]> = {
  kind: "ruleset",
  parse: (text) =>
    parseOssecConf(text, OSSEC_CONF)
      .filter(({ name }) => name === "ossec_config")
      .flatMap(({ children }) => children)
      .filter(({ name }) => name === "ruleset")
      .flatMap(({ children }) => children),
};

/** Paths relative to the root, in their plain form; what leads out of the root is left out. */
function pathsOf(elements: readonly ConfElement[], name: string, root: string): readonly string[] {
  return elements
    .filter((element) => element.name === name && element.text !== "")
    .map(({ text }) => {
      const relative = text === root || text.startsWith(`${root}/`) ? text.slice(root.length) : text;
      return posix.normalize(relative).replace(/^\/+/, "").replace(/\/+$/, "");
    })
    .filter((path) => path !== "" && path !== "." && path !== ".." && !path.startsWith("../"));
}
