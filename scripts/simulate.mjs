/**
 * `npm run simulate -- [--seeds N] [--seed S] [--story]`: runs N histories of a simulated cluster (default 1000), from
 * seed S on (default 1). A failed one prints its story; `--story` prints all. See docs/simulation.md.
 */
import { parseArgs } from "node:util";
import { build, install } from "./prepare.mjs";
import { runNode, runScript, StepError } from "./step.mjs";

/** Far beyond what a history takes, on a machine that does much else. */
const SECONDS_PER_HISTORY = 5;
const START_SECONDS = 600;

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

/**
 * @param {string | undefined} text
 * @param {number} otherwise
 * @param {string} name
 */
function wholeNumber(text, otherwise, name) {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new StepError(`--${name} takes a whole number above 0, not ${String(text)}`);
}

await runScript(async () => {
  const { values } = parseArgs({ options: { seeds: { type: "string" }, seed: { type: "string" }, story: { type: "boolean" } } });
  const seed = wholeNumber(values.seed, 1, "seed");
  const seeds = wholeNumber(values.seeds, values.seed === undefined ? 1000 : 1, "seeds");
  await install(say);
  await build(say);
  const result = await runNode(["node_modules/vitest/vitest.mjs", "run", "--project", "simulation", "test/simulation/histories.test.ts"], {
    inherit: true,
    deadlineSeconds: START_SECONDS + seeds * SECONDS_PER_HISTORY,
    env: {
      ...process.env,
      MUSTER_SIMULATION_SEED: String(seed),
      MUSTER_SIMULATION_SEEDS: String(seeds),
      MUSTER_SIMULATION_STORY: values.story === true ? "1" : "0",
    },
  });
  if (!result.ok) throw new StepError(`the simulation failed (${result.ending})`);
});
