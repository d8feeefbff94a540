/**
 * `npm run chaos -- [--minutes M] [--seed S]`: a master and five workers as real processes, killed, frozen, cut off and
 * filled up at random for M minutes (default 10) while files and agents change; then they must come into step, with
 * nothing left over and nothing leaked. The seed decides what is done, not when the system does it.
 */
import { parseArgs } from "node:util";
import { build, install } from "./prepare.mjs";
import { runNode, runScript, StepError } from "./step.mjs";

/** For start, convergence and end. */
const EXTRA_SECONDS = 1800;

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

await runScript(async () => {
  const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, seed: { type: "string" } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new StepError(`--minutes takes a number above 0, not ${values.minutes}`);
  await install(say);
  await build(say);
  const result = await runNode(["node_modules/vitest/vitest.mjs", "run", "--project", "chaos"], {
    inherit: true,
    deadlineSeconds: minutes * 60 + EXTRA_SECONDS,
    env: { ...process.env, MUSTER_CHAOS_MINUTES: String(minutes), ...(values.seed === undefined ? {} : { MUSTER_CHAOS_SEED: values.seed }) },
  });
  if (!result.ok) throw new StepError(`chaos found something (${result.ending})`);
});
