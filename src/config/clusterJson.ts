import type { Dialect } from "../protocol/dialects/Dialect.js";
import type { ClusterItems } from "./ClusterItems.js";
import { ConfigurationError } from "./ConfigurationError.js";
import { problem } from "./ConfigurationProblem.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import { defaultClusterItems } from "./defaultClusterItems.js";
import { isJsonObject, JsonReader } from "./JsonReader.js";
import type { JsonObject } from "./JsonReader.js";
import { readFileItems } from "./readFileItems.js";
import type { Override } from "./Override.js";
import { readIntervals } from "./readIntervals.js";
import { YamlDocument } from "./settings/YamlDocument.js";
import { TextPositions } from "./TextPositions.js";

/** `sync_options` belongs to this dialect's cluster.json and is consulted by nobody (dialects.md 1.11). */
const SECTIONS = ["files", "intervals", "distributed_api", "sync_options"] as const;

/** A cluster.json over its defaults, with every mistake in it. */
export interface ClusterJsonReading {
  /** The resolved value; a mistaken setting keeps its default here. */
  readonly items: ClusterItems;
  /** 3005 problems, each naming the file and the JSON path. */
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
  /** The settings that the file names, as paths: `intervals.worker.keep_alive`, `files["etc/"]`. */
  readonly given: readonly string[];
  /** Values that the environment or the command line gave: path → where. */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * Reads a cluster.json over the defaults without stopping at a mistake (protocol.md 8; dapi.md 5.3).
 *
 * @param text the file's contents; undefined when there is no such file
 * @param file its path, for messages
 * @param options.overrides what goes over it, the weakest first
 * @param options.dialect whose defaults hold. @default dialect 4.3-zip
 */
export function readClusterJson(
  text: string | undefined,
  file: string,
  { overrides = [], dialect }: { readonly overrides?: readonly Override[] | undefined; readonly dialect?: Dialect | undefined } = {},
): ClusterJsonReading {
  const defaults = defaultClusterItems(dialect);
  const intervals = overrides.filter(({ path }) => path.startsWith("intervals."));
  if (text === undefined && intervals.length === 0) return { items: defaults, problems: [], warnings: [], given: [], origins: new Map() };
  const refused = (detail: string): ClusterJsonReading => ({
    items: defaults,
    problems: [problem(3005, detail)],
    warnings: [],
    given: [],
    origins: new Map(),
  });

  let json: unknown;
  try {
    json = JSON.parse(text?.replace(/^\uFEFF/, "") ?? "{}");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\s+/g, " ") : String(cause);
    return refused(`${file}${lineOfSyntaxError(text ?? "", reason)}: ${reason}. Correct the file, or remove it to use the defaults.`);
  }
  if (!isJsonObject(json)) return refused(`${file}:1: the file must hold one JSON object, {…}.`);
  const origins = overrideIntervals(json, intervals);

  const reader = new JsonReader();
  reader.warnUnknown(json, SECTIONS, "");
  const files = readFileItems(reader, json, defaults);
  const resolved = readIntervals(reader, json, defaults.intervals);
  const api = reader.object(json, "distributed_api", "distributed_api") ?? {};
  reader.warnUnknown(api, ["enabled"], "distributed_api");
  const distributedApiEnabled = reader.boolean(
    api,
    "enabled",
    "distributed_api.enabled",
    defaults.distributedApiEnabled,
  );
  return {
    items: { ...files, intervals: resolved, distributedApiEnabled },
    problems: reader.problems.map((fault) => problem(3005, `${placeOf(fault, origins, text ?? "", file)}: ${fault}`)),
    warnings: reader.warnings.map((warning) => `${file}: ${warning}`),
    given: reader.given.filter((path) => !origins.has(path)),
    origins,
  };
}

/** Writes the overrides into the parsed file; path → where each one was given. */
function overrideIntervals(json: JsonObject, overrides: readonly Override[]): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  for (const { path, text, origin } of overrides) {
    const [top = "", section = "", name = ""] = path.split(".");
    const holder = json as Record<string, unknown>;
    holder[top] ??= {};
    const sections = holder[top] as Record<string, unknown>;
    if (!isJsonObject(sections)) continue;
    (sections)[section] ??= {};
    const values = (sections)[section];
    if (!isJsonObject(values)) continue;
    (values as Record<string, unknown>)[name] = /^\d*\.?\d+$/.test(text) ? Number(text) : text;
    origins.set(path, origin);
  }
  return origins;
}

/** Where the path stands that a fault begins with. */
function placeOf(fault: string, origins: ReadonlyMap<string, string>, text: string, file: string): string {
  const given = [...origins].find(([path]) => fault.startsWith(`${path}: `));
  if (given !== undefined) return given[1];
  // JSON is YAML, whose reader knows the lines.
  const line = new YamlDocument(text).lineOf(segmentsOf(fault));
  return line === undefined ? file : `${file}:${line}`;
}

/** `files["etc/"].names[0]: …` → `files`, `etc/`, `names`, 0. */
function segmentsOf(fault: string): (string | number)[] {
  const segments: (string | number)[] = [];
  const part = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([A-Za-z_][A-Za-z0-9_]*)/y;
  for (let match = part.exec(fault); match !== null; match = part.exec(fault)) {
    const [, quoted, index, name] = match;
    if (quoted !== undefined) segments.push(JSON.parse(`"${quoted}"`) as string);
    else segments.push(index === undefined ? (name ?? "") : Number(index));
  }
  return segments;
}

/** `:<line>` if the reason of a syntax error says where it is, or the YAML reader does. */
function lineOfSyntaxError(text: string, reason: string): string {
  const position = /position (\d+)/.exec(reason)?.[1];
  if (position !== undefined) return `:${new TextPositions(text).at(Number(position)).line}`;
  const [mistake] = new YamlDocument(text).mistakes;
  return mistake === undefined ? "" : `:${mistake.line}`;
}

/**
 * The items of a cluster.json, or the defaults when there is none.
 *
 * @throws ConfigurationError 3005 that lists every mistake
 */
export function resolveClusterItems(text: string | undefined, file: string): ClusterItems {
  const { items, problems } = readClusterJson(text, file);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return items;
}
