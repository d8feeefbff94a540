/** `npm run check`: the static checks, all of them even when one fails. Arguments name the checks to run, if not all. */
import { availableParallelism } from "node:os";
import { install } from "./prepare.mjs";
import { formatSeconds, isProgram, runNode, runScript, StepError } from "./step.mjs";

/** Name → a program in node_modules and its arguments, in the order in which they are begun: the slowest first. */
const CHECKS = Object.freeze({
  lint: ["eslint/bin/eslint.js", ".", "--max-warnings=0"],
  types: ["typescript/bin/tsc", "-p", "tsconfig.test.json", "--noEmit"],
  // The page itself is checked as it is built; its tests need the types of both a browser and Node.
  browser: ["typescript/bin/tsc", "-p", "test/browser/tsconfig.json", "--noEmit"],
  // One pattern, because the cruiser refuses a folder by name that is not there.
  layers: [
    "dependency-cruiser/bin/dependency-cruise.mjs",
    "--config=.dependency-cruiser.cjs",
    "--output-type=err-long",
    "{src,machines,workers,bench,test}",
  ],
  unused: ["knip/bin/knip.js", "--no-progress"],
});

const CHECK_DEADLINE_SECONDS = 600;

/**
 * Runs checks and prints what the failing ones said.
 *
 * @param {readonly string[]} [names] all by default
 * @param {{ atOnce?: number, niceness?: number }} [options] as many at a time as there are cores, unless it is said
 * @returns {Promise<string[]>} the names of the checks that failed
 */
export async function runChecks(names = Object.keys(CHECKS), { atOnce = availableParallelism(), niceness = 0 } = {}) {
  const unknown = names.find((name) => !Object.hasOwn(CHECKS, name));
  if (unknown !== undefined)
    throw new StepError(`no check is called ${unknown}. There are: ${Object.keys(CHECKS).join(", ")}.`);
  const waiting = Object.entries(CHECKS).filter(([name]) => names.includes(name));
  /** @type {string[]} */
  const failed = [];
  const runOneByOne = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, [program, ...args]] = next;
      const result = await runNode([`node_modules/${program}`, ...args], { deadlineSeconds: CHECK_DEADLINE_SECONDS, niceness });
      const verdict = result.ok ? "ok" : `FAILED (${result.ending})`;
      process.stdout.write(`check ${name}: ${verdict}, ${formatSeconds(result.seconds)}\n`);
      if (result.ok) continue;
      failed.push(name);
      process.stdout.write(`${result.output.trimEnd()}\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runOneByOne));
  return failed;
}

if (isProgram(import.meta.filename)) {
  await runScript(async () => {
    await install();
    const names = process.argv.slice(2);
    const failed = await runChecks(names.length > 0 ? names : undefined);
    if (failed.length > 0) throw new StepError(`${failed.join(", ")}: see above.`);
  });
}
