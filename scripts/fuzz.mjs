/**
 * `npm run fuzz -- [--minutes M] [--target NAME] [--seed S]`: feeds the decoders with made-up inputs for M minutes
 * (default 10), shared among all of them or given to one. What breaks something is left in test/fixtures/fuzz, where
 * `npm test` replays it. See docs/fuzzing.md.
 */
import { parseArgs } from "node:util";
import { build, install } from "./prepare.mjs";
import { runNode, runScript, StepError } from "./step.mjs";

/** For the start, and for making found inputs small. */
const EXTRA_SECONDS = 900;

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

await runScript(async () => {
  const { values } = parseArgs({
    options: { minutes: { type: "string", default: "10" }, target: { type: "string" }, seed: { type: "string" } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new StepError(`--minutes takes a number above 0, not ${values.minutes}`);
  await install(say);
  await build(say);
  const result = await runNode(["node_modules/vitest/vitest.mjs", "run", "--project", "fuzz"], {
    inherit: true,
    deadlineSeconds: minutes * 60 + EXTRA_SECONDS,
    env: {
      ...process.env,
      MUSTER_FUZZ_MINUTES: String(minutes),
      ...(values.target === undefined ? {} : { MUSTER_FUZZ_TARGET: values.target }),
      ...(values.seed === undefined ? {} : { MUSTER_FUZZ_SEED: values.seed }),
    },
  });
  if (!result.ok) throw new StepError(`the fuzzer found something, or did not run (${result.ending})`);
});
