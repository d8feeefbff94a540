import type { Dialect } from "../protocol/dialects/Dialect.js";
import { readClusterJson } from "./clusterJson.js";
import type { ClusterJsonReading } from "./clusterJson.js";
import type { ClusterReading } from "./ClusterReading.js";
import { ConfigurationError } from "./ConfigurationError.js";
import { configPaths } from "./configPaths.js";
import type { ConfigPaths } from "./configPaths.js";
import { problem } from "./ConfigurationProblem.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import { printable } from "./printable.js";
import { readClusterBlock } from "./readClusterBlock.js";

/** Where a configuration is read from. */
export interface ConfigSource {
  /** The node's data directory. */
  readonly root: string;
  /** Another ossec.conf than `<root>/etc/ossec.conf` (`--config`). */
  readonly ossecConf?: string | undefined;
  /** The text of a file; throws (with `code: "ENOENT"` for a file that is not there). */
  readonly readFile: (path: string) => string;
  /** The dialect whose defaults stand behind cluster.json. @default dialect 4.3-zip */
  readonly dialect?: Dialect | undefined;
  /** A file's mode bits, to warn about a key that everybody can read; undefined: not known. */
  readonly fileMode?: ((path: string) => number | undefined) | undefined;
}

/** All files of a node's configuration, read but not yet judged. */
export interface NodeConfigReading {
  readonly paths: ConfigPaths;
  /** Undefined when ossec.conf could not be read at all; `problems` says why. */
  readonly cluster: ClusterReading | undefined;
  readonly clusterJson: ClusterJsonReading;
  /** Whether there is a cluster.json. */
  readonly hasClusterJson: boolean;
  /** Files that can't be read or parsed; the readings' own problems are not repeated here. */
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
}

/** Others may read the file. */
const READABLE_BY_OTHERS = 0o004;

/** Reads ossec.conf and, if it is there, cluster.json; never throws for what stands in them. */
export function readNodeConfig(source: ConfigSource): NodeConfigReading {
  const paths = configPaths(source.root, source.ossecConf);
  const problems: ConfigurationProblem[] = [];
  const warnings: string[] = [];
  const cluster = readCluster(source, paths, problems);
  const mode = source.fileMode?.(paths.ossecConf);
  if (cluster !== undefined && cluster.values.key !== "" && mode !== undefined && (mode & READABLE_BY_OTHERS) !== 0) {
    warnings.push(
      `${paths.ossecConf} holds the cluster key and can be read by every user. Run: chmod o-rwx ${paths.ossecConf}`,
    );
  }
  const text = readClusterJsonText(source, paths, problems);
  return {
    paths,
    cluster,
    clusterJson: readClusterJson(text, paths.clusterJson, source.dialect),
    hasClusterJson: text !== undefined,
    problems,
    warnings,
  };
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

function readClusterJsonText(
  source: ConfigSource,
  paths: ConfigPaths,
  problems: ConfigurationProblem[],
): string | undefined {
  try {
    return source.readFile(paths.clusterJson);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    const advice = "Let the user that runs muster read it, or remove it to use the defaults.";
    problems.push(problem(3005, `${paths.clusterJson}: It can't be read: ${reasonOf(error)}. ${advice}`));
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}
