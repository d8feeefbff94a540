/**
 * The layers of docs/architecture.md. Arrows point down; type imports count as much as others, because a type
 * from above is knowledge of what is above.
 */

/** Node's modules that do input or output, or start something. */
const IO_MODULES =
  "^(node:)?(fs|fs/promises|net|tls|dgram|dns|http|http2|https|child_process|cluster|worker_threads|readline|repl|inspector)$";
const THREAD_PACKAGES = "node_modules/(piscina|comlink)/";
const PRODUCT = "^(src|machines|workers)/";

/**
 * A rule that a folder's files import nothing of the project but what is named.
 *
 * @param {string} name
 * @param {string} from a pattern of paths
 * @param {readonly string[]} allowed patterns of paths; the folder itself must be among them
 * @param {string} comment
 */
function onlyImports(name, from, allowed, comment) {
  return {
    name,
    severity: "error",
    comment,
    from: { path: from },
    to: { path: "^(src|machines|workers|test|bench|scripts)/", pathNot: [...allowed] },
  };
}

const BOTTOM = ["^src/protocol/", "^src/config/", "^src/telemetry/"];
const DOMAIN = ["^src/integrity/", "^src/agents/", "^src/dapi/"];
/** Only types: what a pool job takes and gives. It stands with the threads but belongs to every asker. */
const JOB_TYPES = "^workers/jobs\\.ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      comment: "Two files that need each other are one noun, or miss a third file that both can use.",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      severity: "error",
      comment: "An import leads nowhere: a file was moved, or a package is missing.",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "runtime-packages",
      severity: "error",
      comment: "The product may use only what package.json lists under dependencies.",
      from: { path: PRODUCT },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "tests-are-on-top",
      severity: "error",
      comment: "Nothing but tests imports tests.",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    },

    onlyImports(
      "protocol-is-the-floor",
      "^src/protocol/",
      ["^src/protocol/", "^src/config/Limits\\.ts$"],
      "The protocol is bytes and text. It knows its limits' names; their values come as parameters.",
    ),
    {
      name: "protocol-does-no-io",
      severity: "error",
      comment: "The protocol does no input or output and knows no state machine: it takes a ByteLink, a Clock, a Disk.",
      from: { path: "^src/protocol/" },
      to: { path: [IO_MODULES, "node_modules/(xstate|pino|jszip|libsql|saxes|commander)/", THREAD_PACKAGES] },
    },
    onlyImports(
      "config-knows-errors-only",
      "^src/config/",
      ["^src/config/", "^src/protocol/errors/", "^src/protocol/dialects/"],
      "Configuration is one frozen value; it may raise the catalogue's errors, and a dialect is one of its values.",
    ),
    onlyImports(
      "telemetry-knows-secrets-only",
      "^src/telemetry/",
      ["^src/telemetry/", "^src/config/secrets\\.ts$"],
      "Everyone may log; the log knows nobody, but for what it must never print.",
    ),
    onlyImports(
      "domain-stands-on-the-floor",
      "^src/(integrity|agents|dapi)/",
      [...BOTTOM, ...DOMAIN, JOB_TYPES],
      "Integrity, agents and dapi know the floor and each other, no machine, node or command.",
    ),
    {
      name: "domain-knows-no-machine-library",
      severity: "error",
      comment: "States belong in machines/; the domain is plain code.",
      from: { path: "^src/(integrity|agents|dapi|config|telemetry)/" },
      to: { path: "node_modules/xstate/" },
    },
    onlyImports(
      "job-types-are-plain",
      JOB_TYPES,
      ["^src/protocol/", "^src/config/"],
      "A job's types are data for every layer; they must not pull a layer in.",
    ),
    onlyImports(
      "workers-stand-on-the-domain",
      "^workers/",
      [...BOTTOM, ...DOMAIN, "^workers/"],
      "A thread runs the domain's code; it knows no machine and no node.",
    ),
    onlyImports(
      "machines-decide",
      "^machines/",
      [...BOTTOM, ...DOMAIN, JOB_TYPES, "^machines/"],
      "A machine names what it needs in setup(); src/node provides it.",
    ),
    {
      name: "machines-do-no-io",
      severity: "error",
      comment: "A machine decides; what does input or output is an invoked actor that src/node provides.",
      from: { path: "^machines/" },
      to: { path: [IO_MODULES, "node_modules/(pino|jszip|libsql|saxes|commander)/", THREAD_PACKAGES] },
    },
    onlyImports(
      "node-composes",
      "^src/node/",
      [...BOTTOM, ...DOMAIN, "^machines/", "^workers/", "^src/node/"],
      "The node does not know which command or page asks for it.",
    ),
    onlyImports(
      "library-is-not-a-command",
      "^src/(index\\.ts$|library/)",
      [...BOTTOM, ...DOMAIN, "^machines/", "^src/node/", "^src/(index\\.ts$|library/)"],
      "The library is nodes for other programs; it knows no command line and serves no page.",
    ),
    onlyImports(
      "http-is-not-a-command",
      "^src/(http|inspector)/",
      [...BOTTOM, ...DOMAIN, "^machines/", JOB_TYPES, "^src/node/", "^src/(http|inspector)/"],
      "The HTTP API and the inspector show a node; they know no command line.",
    ),
    {
      name: "threads-have-few-owners",
      severity: "error",
      comment: "Pools and threads are started by src/node and used by workers; others name a job or take a port.",
      from: { path: PRODUCT, pathNot: "^(src/node|src/cli|workers)/" },
      to: { path: THREAD_PACKAGES },
    },
    {
      name: "terminal-packages-stay-in-cli",
      severity: "error",
      comment: "Tables and command lines are the command's business.",
      from: { path: PRODUCT, pathNot: "^src/cli/" },
      to: { path: "node_modules/(commander|cli-table3)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|coverage|test/fixtures)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.test.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types", "default"] },
    detectProcessBuiltinModuleCalls: true,
  },
};
