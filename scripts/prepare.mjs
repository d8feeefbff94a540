/**
 * Brings node_modules and dist up to date: installs what package-lock.json names when it is not installed,
 * compiles what changed. Does nothing, in a fraction of a second, when both are current.
 */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative, sep } from "node:path";
import { formatSeconds, isProgram, ROOT, runNode, runScript, StepError } from "./step.mjs";

/** Files with these endings are copied from the source folders to the same place under dist. */
const ASSET_ENDINGS = new Set([".css", ".html", ".ico", ".js", ".json", ".svg"]);

const INSTALL_STAMP = "node_modules/.muster-install";
const BUILD_STAMP = "dist/.muster-build.json";
/** tsc's memory of its last run; it must go whenever dist may not be what tsc believes it to be. */
const COMPILER_STATE = "dist/.tsbuildinfo";
const INSTALL_DEADLINE_SECONDS = 900;

/** @param {string} path relative to the root */
const at = (path) => join(ROOT, path);

/** @param {string} line */
const sayToErr = (line) => void process.stderr.write(`${line}\n`);

/**
 * Installs and builds as needed.
 *
 * @param {(line: string) => void} [say] hears of each step that really runs; standard error by default
 * @throws {StepError} when a step fails; what the step printed was passed to `say`
 */
export async function prepare(say = sayToErr) {
  await install(say);
  await build(say);
}

/**
 * Runs `npm ci` unless node_modules was made from this package-lock.json by this Node.
 *
 * @param {(line: string) => void} [say]
 */
export async function install(say = sayToErr) {
  requireNode();
  const stamp = `${sha256([readFileSync(at("package-lock.json"))])} ${process.version} ${process.platform}-${process.arch}\n`;
  if (existsSync(at(INSTALL_STAMP)) && readFileSync(at(INSTALL_STAMP), "utf8") === stamp) return;
  say("Installing dependencies (npm ci) ...");
  const result = await runNode([npmProgram(), "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    deadlineSeconds: INSTALL_DEADLINE_SECONDS,
  });
  if (!result.ok) {
    say(result.output.trimEnd());
    throw new StepError(
      `npm ci failed (${result.ending}). Check that this machine reaches its npm registry, then run the same command again.`,
    );
  }
  writeFileSync(at(INSTALL_STAMP), stamp);
  say(`Installed in ${formatSeconds(result.seconds)}.`);
}

/**
 * Compiles to dist and copies assets unless dist is exactly what the present sources gave last time. After it,
 * dist holds an output for every source and none of a source that is gone.
 *
 * @param {(line: string) => void} [say]
 * @throws {StepError} when there are type errors; outputs are written all the same, as far as tsc could
 */
export async function build(say = sayToErr) {
  const sources = listSources();
  const outputs = sources.flatMap(outputsOf);
  const inputsDigest = digestFiles([...sources, "tsconfig.json", ...browserProjects(), "package-lock.json"]);
  const stamp = readBuildStamp();
  const intact = stamp !== undefined && stamp.outputs === digestFiles(outputsIn("dist"));
  if (intact && stamp.inputs === inputsDigest) return;

  // tsc skips outputs that its state calls current without looking at them: trust it only over an intact dist.
  if (!intact) rmSync(at(COMPILER_STATE), { force: true });
  rmSync(at(BUILD_STAMP), { force: true });
  const wanted = new Set(outputs);
  for (const path of outputsIn("dist")) if (!wanted.has(path)) rmSync(at(path));

  say("Building ...");
  const began = performance.now();
  let result = await runNode(["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
  for (const project of browserProjects()) {
    if (result.ok) result = await runNode(["node_modules/typescript/bin/tsc", "-p", project]);
  }
  for (const path of sources.filter(isAsset)) {
    mkdirSync(dirname(at(join("dist", path))), { recursive: true });
    copyFileSync(at(path), at(join("dist", path)));
  }
  if (!result.ok) {
    say(result.output.trimEnd());
    throw new StepError(
      `the build failed (tsc: ${result.ending}). Mend the errors above, then run the same command again.`,
    );
  }
  const missing = outputs.filter((path) => !existsSync(at(path)));
  if (missing.length > 0) {
    throw new StepError(`the build made no ${missing[0]}. Remove the folder dist, then run the same command again.`);
  }
  writeFileSync(at(BUILD_STAMP), JSON.stringify({ inputs: inputsDigest, outputs: digestFiles(outputsIn("dist")) }));
  say(`Built in ${formatSeconds((performance.now() - began) / 1000)}.`);
}

/** What runs in a browser is compiled with a browser's types: folders with a tsconfig.json of their own. */
function browserProjects() {
  return filesBelow("src").filter((path) => path.endsWith("/tsconfig.json"));
}

/** The compiled folders are those of tsconfig.json, which stay named in one place. */
function listSources() {
  /** @type {{ include: string[] }} */
  const config = JSON.parse(readFileSync(at("tsconfig.json"), "utf8"));
  const folders = new Set(config.include.map((pattern) => pattern.split("/")[0] ?? pattern));
  return [...folders]
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => isAsset(path) || (path.endsWith(".ts") && !path.endsWith(".d.ts")))
    .sort();
}

/** @param {string} path */
const isAsset = (path) => ASSET_ENDINGS.has(extname(path)) && !path.endsWith("/tsconfig.json");

/** @param {string} path a source */
function outputsOf(path) {
  const base = join("dist", path);
  if (isAsset(path)) return [base];
  const stem = base.slice(0, -".ts".length);
  return [`${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`];
}

/**
 * All files of the output folder but tsc's state and the stamp.
 *
 * @param {string} folder
 */
function outputsIn(folder) {
  return filesBelow(folder)
    .filter((path) => path !== COMPILER_STATE && path !== BUILD_STAMP)
    .sort();
}

/**
 * @param {string} folder relative to the root; may be missing
 * @returns {string[]} paths relative to the root
 */
function filesBelow(folder) {
  if (!existsSync(at(folder))) return [];
  return readdirSync(at(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** @param {readonly string[]} paths */
function digestFiles(paths) {
  return sha256(
    paths.flatMap((path) => [
      Buffer.from(`\0${path}\0`),
      existsSync(at(path)) ? readFileSync(at(path)) : Buffer.alloc(0),
    ]),
  );
}

/** @param {readonly Uint8Array[]} pieces */
function sha256(pieces) {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** @returns {{ inputs: string, outputs: string } | undefined} undefined when dist is absent or half made */
function readBuildStamp() {
  try {
    return JSON.parse(readFileSync(at(BUILD_STAMP), "utf8"));
  } catch {
    return undefined;
  }
}

/** npm's own program: the one that runs this script, else the one that was installed with Node. */
function npmProgram() {
  const caller = process.env["npm_execpath"];
  if (caller !== undefined && /npm-cli\.c?js$/.test(caller)) return caller;
  const candidates = [
    ...(process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "../lib/node_modules/npm/bin/npm-cli.js")),
    "/usr/share/nodejs/npm/bin/npm-cli.js",
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined)
    throw new StepError("npm was not found. Install npm 9 or later, then run `npm start` or `npm test`.");
  return found;
}

function requireNode() {
  /** @type {{ engines: { node: string } }} */
  const { engines } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  const needed = engines.node.replace(/^>=/, "");
  const [major = 0, minor = 0] = needed.split(".").map(Number);
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split(".").map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  throw new StepError(`muster needs Node ${needed} or later; this is Node ${process.versions.node}.`);
}

if (isProgram(import.meta.filename)) await runScript(() => prepare());
