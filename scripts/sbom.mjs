/**
 * `npm run sbom [-- FILE]`: what muster is made of, as CycloneDX JSON (default: dist/sbom.cdx.json). Read off the lock file by
 * npm itself, without a network.
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { isProgram, ROOT, runScript, StepError } from "./step.mjs";

const NPM_DEADLINE = 120_000;
const LONGEST_OUTPUT = 64 * 1024 * 1024;

/**
 * Writes the document.
 *
 * @param {string} file
 * @throws {StepError} without npm, or when it says no
 */
export async function writeSbom(file) {
  const { name } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--omit", "dev"];
  const { stdout } = await promisify(execFile)("npm", args, { cwd: ROOT, timeout: NPM_DEADLINE, maxBuffer: LONGEST_OUTPUT }).catch((error) => {
    throw new StepError(`npm ${args.join(" ")} failed: ${String(error.stderr ?? error).trim()}`);
  });
  const document = JSON.parse(stdout);
  // npm takes the folder's name, which says nothing.
  document.metadata.component.name = name;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(document, null, 2)}\n`);
}

if (isProgram(import.meta.filename)) {
  await runScript(async () => {
    const file = resolve(process.argv[2] ?? join(ROOT, "dist/sbom.cdx.json"));
    await writeSbom(file);
    process.stdout.write(`${file}\n`);
  });
}
