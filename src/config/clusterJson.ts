import type { Dialect } from "../protocol/dialects/Dialect.js";
import type { ClusterItems } from "./ClusterItems.js";
import { ConfigurationError } from "./ConfigurationError.js";
import { problem } from "./ConfigurationProblem.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import { defaultClusterItems } from "./defaultClusterItems.js";
import { isJsonObject, JsonReader } from "./JsonReader.js";
import { readFileItems } from "./readFileItems.js";
import { readIntervals } from "./readIntervals.js";

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
}

/**
 * Reads a cluster.json over the defaults without stopping at a mistake (protocol.md 8; dapi.md 5.3).
 *
 * @param text the file's contents; undefined when there is no such file
 * @param file its path, for messages
 * @param dialect whose defaults hold. @default dialect 4.3-zip
 */
export function readClusterJson(text: string | undefined, file: string, dialect?: Dialect): ClusterJsonReading {
  const defaults = defaultClusterItems(dialect);
  if (text === undefined) return { items: defaults, problems: [], warnings: [], given: [] };
  const refused = (detail: string): ClusterJsonReading => ({
    items: defaults,
    problems: [problem(3005, detail)],
    warnings: [],
    given: [],
  });

  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\s+/g, " ") : String(cause);
    return refused(`${file}: ${reason}. Correct the file, or remove it to use the defaults.`);
  }
  if (!isJsonObject(json)) return refused(`${file}: the file must hold one JSON object, {…}.`);

  const reader = new JsonReader();
  reader.warnUnknown(json, SECTIONS, "");
  const files = readFileItems(reader, json, defaults);
  const intervals = readIntervals(reader, json, defaults.intervals);
  const api = reader.object(json, "distributed_api", "distributed_api") ?? {};
  reader.warnUnknown(api, ["enabled"], "distributed_api");
  const distributedApiEnabled = reader.boolean(
    api,
    "enabled",
    "distributed_api.enabled",
    defaults.distributedApiEnabled,
  );
  return {
    items: { ...files, intervals, distributedApiEnabled },
    problems: reader.problems.map((text) => problem(3005, `${file}: ${text}`)),
    warnings: reader.warnings.map((text) => `${file}: ${text}`),
    given: reader.given,
  };
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
