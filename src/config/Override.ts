import { CLUSTER_ELEMENTS } from "./ClusterReading.js";
import { INTERVAL_NAMES } from "./intervalNames.js";
import { DEFAULT_LIMITS } from "./Limits.js";
import { SETTING_ROWS } from "./settings/schema.js";

/** A value from outside the files. */
export interface Override {
  /** The value's name as `muster config show` prints it: `cluster.port`, `http.listen`. */
  readonly path: string;
  readonly text: string;
  /** Where it was given, for messages: `MUSTER_HTTP_LISTEN`, `--set http.listen`. */
  readonly origin: string;
}

/** Every name that the environment and the command line can set. */
export const OVERRIDABLE: readonly string[] = [
  ...Object.values(CLUSTER_ELEMENTS).map((element) => `cluster.${element}`),
  ...Object.entries(INTERVAL_NAMES).flatMap(([section, names]) =>
    Object.values(names).map((name) => `intervals.${section}.${name}`),
  ),
  ...SETTING_ROWS.map(({ path }) => path),
  ...Object.keys(DEFAULT_LIMITS).map((name) => `limits.${name}`),
];

/** `http.tls.certificate` → `MUSTER_HTTP_TLS_CERTIFICATE`; `http.readyWithin` → `MUSTER_HTTP_READY_WITHIN`. */
export function variableOf(path: string): string {
  return `MUSTER_${path.replaceAll(".", "_").replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase()}`;
}

/** Variables that mean something else: the root, and what Kubernetes sets for a service called muster. */
const FOREIGN = /^MUSTER_(?:ROOT$|LONG_TESTS$|TEST_COUNTS$|SERVICE_|PORT$|PORT_)/;

/** The overrides of an environment, and a warning for each variable that looks like one and is none. */
export function environmentOverrides(variables: Readonly<Record<string, string | undefined>>): {
  readonly overrides: readonly Override[];
  readonly warnings: readonly string[];
} {
  const known = new Map(OVERRIDABLE.map((path) => [variableOf(path), path]));
  const overrides: Override[] = [];
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(variables)) {
    // Empty: as good as not set, which some ways of starting a process can't express.
    if (!name.startsWith("MUSTER_") || FOREIGN.test(name) || text === undefined || text === "") continue;
    const path = known.get(name);
    if (path === undefined) warnings.push(`The environment's ${name} sets nothing: docs/configuration.md lists the names.`);
    else overrides.push({ path, text, origin: name });
  }
  return { overrides, warnings };
}
