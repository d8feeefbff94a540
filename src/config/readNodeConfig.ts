import { chooseDialect, DIALECTS } from "../protocol/dialects/index.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import type { Dialect } from "../protocol/dialects/Dialect.js";
import type { ClusterItems } from "./ClusterItems.js";
import { readClusterJson } from "./clusterJson.js";
import type { ClusterJsonReading } from "./clusterJson.js";
import type { ClusterReading } from "./ClusterReading.js";
import { ConfigurationError } from "./ConfigurationError.js";
import { configPaths } from "./configPaths.js";
import type { ConfigPaths } from "./configPaths.js";
import { problem } from "./ConfigurationProblem.js";
import type { ConfigurationCode, ConfigurationProblem } from "./ConfigurationProblem.js";
import type { Override } from "./Override.js";
import { emptyCluster, hasClusterOverride, overrideCluster } from "./overrideCluster.js";
import { printable } from "./printable.js";
import { readClusterBlock } from "./readClusterBlock.js";
import { readKeyFiles } from "./readKeyFiles.js";
import type { FileAccess, KeyFilesReading } from "./readKeyFiles.js";
import { readSettings } from "./settings/readSettings.js";
import type { SettingsReading } from "./settings/readSettings.js";

/** Where a configuration is read from. */
export interface ConfigSource {
  /** The node's data directory. */
  readonly root: string;
  /** Another ossec.conf than `<root>/etc/ossec.conf` (`--config`). */
  readonly ossecConf?: string | undefined;
  /** The text of a file; throws (with `code: "ENOENT"` for a file that is not there). */
  readonly readFile: (path: string) => string;
  /** A file's mode and owner, to warn about a key that others can read; undefined: not known. */
  readonly fileAccess?: ((path: string) => FileAccess | undefined) | undefined;
  /** The user that the node runs as; undefined: not known. */
  readonly userId?: number | undefined;
  /** What goes over the files, the weakest first: the environment, then the command line. */
  readonly overrides?: readonly Override[] | undefined;
}

/** All files of a node's configuration, read but not yet judged. */
export interface NodeConfigReading {
  readonly paths: ConfigPaths;
  /** Undefined when ossec.conf could not be read at all; `problems` says why. */
  readonly cluster: ClusterReading | undefined;
  readonly clusterJson: ClusterJsonReading;
  /** The same over each dialect's defaults, by its id. */
  readonly itemsByDialect: Readonly<Record<string, ClusterItems>>;
  /** The one that the settings choose. */
  readonly dialect: Dialect | undefined;
  /** Whether there is a cluster.json. */
  readonly hasClusterJson: boolean;
  /** muster.yaml and what goes over it. */
  readonly settings: SettingsReading;
  readonly keyFiles: KeyFilesReading;
  /** Files that can't be read or parsed; the readings' own problems are not repeated here. */
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
}

/** Others may read the file. */
const READABLE_BY_OTHERS = 0o004;

/**
 * Reads ossec.conf and, if they are there, cluster.json, muster.yaml and the key files, with what goes over them;
 * never throws for what stands in them.
 */
export function readNodeConfig(source: ConfigSource): NodeConfigReading {
  const paths = configPaths(source.root, source.ossecConf);
  const { overrides = [] } = source;
  const problems: ConfigurationProblem[] = [];
  const warnings: string[] = [];
  const cluster = readCluster(source, paths, problems);
  const mode = source.fileAccess?.(paths.ossecConf)?.mode;
  if (cluster !== undefined && cluster.values.key !== "" && mode !== undefined && (mode & READABLE_BY_OTHERS) !== 0) {
    warnings.push(
      `${paths.ossecConf} holds the cluster key and can be read by every user. Run: chmod o-rwx ${paths.ossecConf}`,
    );
  }
  const json = readOptional(source, paths.clusterJson, 3005, problems);
  const settings = readSettings(readOptional(source, paths.musterYaml, 3004, problems), paths.musterYaml, overrides);
  const { files } = settings.settings.keys;
  const dialect = readDialect(settings, problems);
  const clusterJson = readClusterJson(json, paths.clusterJson, { overrides, dialect });
  const isNamed = settings.problems.length === 0 && settings.origins.has("keys.files");
  return {
    paths,
    cluster: cluster === undefined ? undefined : overrideCluster(cluster, overrides),
    clusterJson,
    itemsByDialect: Object.fromEntries(
      DIALECTS.map((other) => [other.id, other.id === dialect?.id ? clusterJson.items : readClusterJson(json, paths.clusterJson, { overrides, dialect: other }).items]),
    ),
    dialect,
    hasClusterJson: json !== undefined,
    settings,
    keyFiles: readKeyFiles(files, isNamed, { ...source, root: paths.root }),
    problems,
    warnings,
  };
}

/** A dialect that muster does not speak is a mistake. */
function readDialect({ settings, origins }: SettingsReading, problems: ConfigurationProblem[]): Dialect | undefined {
  const { id, version } = settings.dialect;
  try {
    return chooseDialect(id ?? undefined, version ?? undefined);
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    const name = id === null ? "dialect.version" : "dialect.id";
    const detail = typeof error.extraMessage === "string" ? error.extraMessage : error.message;
    problems.push(problem(3004, `${origins.get(name) ?? "muster.yaml"}: ${name}: ${detail}`));
    return undefined;
  }
}

function readCluster(
  source: ConfigSource,
  paths: ConfigPaths,
  problems: ConfigurationProblem[],
): ClusterReading | undefined {
  let text: string;
  try {
    text = source.readFile(paths.ossecConf);
  } catch (error) {
    // A container's environment can say all that is needed.
    if (codeOf(error) === "ENOENT" && hasClusterOverride(source.overrides ?? [])) return emptyCluster(paths.ossecConf);
    const advice =
      codeOf(error) === "ENOENT"
        ? "There is no such file. Create it, or name the node's directory with --root or MUSTER_ROOT."
        : `It can't be read: ${reasonOf(error)}. Let the user that runs muster read it.`;
    problems.push(problem(3006, `${paths.ossecConf}: ${advice}`));
    return undefined;
  }
  try {
    return readClusterBlock(text, paths.ossecConf);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function readOptional(
  source: ConfigSource,
  path: string,
  code: ConfigurationCode,
  problems: ConfigurationProblem[],
): string | undefined {
  try {
    return source.readFile(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    const advice = "Let the user that runs muster read it, or remove it to use the defaults.";
    problems.push(problem(code, `${path}: It can't be read: ${reasonOf(error)}. ${advice}`));
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}
