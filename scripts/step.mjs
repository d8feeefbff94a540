import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { setPriority } from "node:os";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

/** The repository's root, absolute. Every script works from here, wherever it was called. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What a program that is late has to clean up in, before it is killed. */
const GRACE_SECONDS = 5;

/** A step that did not end well. Its message is one line that says what to do; there is no stack to show. */
export class StepError extends Error {}

/**
 * @typedef {object} StepResult
 * @property {boolean} ok whether the command ended by itself with status 0
 * @property {string} ending how it ended, in words: `exit status 2`, `signal SIGKILL`, `no end within 600 s`
 * @property {string} output what it printed, both streams in order of arrival; empty when inherited
 * @property {number} seconds how long it took
 */

/**
 * Runs one Node program in the repository's root, without a shell and without standard input.
 *
 * @param {readonly string[]} args what follows `node` on the command line
 * @param {{ inherit?: boolean, deadlineSeconds?: number, env?: NodeJS.ProcessEnv, niceness?: number }} [options] `inherit`
 *   shows the output at once instead of collecting it; the deadline (default 600 s) ends the program and
 *   all that it started; a program of a higher niceness (0 to 19) leaves the processor to others
 * @returns {Promise<StepResult>} never rejects for what the command does
 */
export function runNode(args, { inherit = false, deadlineSeconds = 600, env = process.env, niceness = 0 } = {}) {
  const began = performance.now();
  return new Promise((resolve) => {
    const output = inherit ? "inherit" : "pipe";
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", output, output], detached: true });
    if (niceness > 0 && child.pid !== undefined) setPriority(child.pid, niceness);
    /** @type {Buffer[]} */
    const pieces = [];
    child.stdout?.on("data", (/** @type {Buffer} */ piece) => pieces.push(piece));
    child.stderr?.on("data", (/** @type {Buffer} */ piece) => pieces.push(piece));

    // The child leads its own process group, so that all that it forked ends with it.
    const signalGroup = (/** @type {NodeJS.Signals} */ signal) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // The group has ended already.
      }
    };
    const endWithUs = () => signalGroup("SIGTERM");
    process.once("exit", endWithUs);
    let late = false;
    const deadlines = [
      setTimeout(() => {
        late = true;
        signalGroup("SIGTERM");
      }, deadlineSeconds * 1000),
      setTimeout(() => signalGroup("SIGKILL"), (deadlineSeconds + GRACE_SECONDS) * 1000),
    ];

    let settled = false;
    const settle = (/** @type {boolean} */ ok, /** @type {string} */ ending) => {
      if (settled) return;
      settled = true;
      deadlines.forEach(clearTimeout);
      process.off("exit", endWithUs);
      signalGroup("SIGKILL");
      const seconds = (performance.now() - began) / 1000;
      resolve({ ok, ending, output: Buffer.concat(pieces).toString("utf8"), seconds });
    };
    child.once("error", (error) => settle(false, error.message));
    child.once("close", (code, signal) => {
      if (late) settle(false, `no end within ${deadlineSeconds} s`);
      else settle(code === 0, signal === null ? `exit status ${code}` : `signal ${signal}`);
    });
  });
}

/** @param {number} seconds */
export function formatSeconds(seconds) {
  return `${seconds.toFixed(1)} s`;
}

/**
 * Whether a module is the program that was started, and not imported by another one.
 *
 * @param {string} filename the module's `import.meta.filename`
 */
export function isProgram(filename) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === filename;
}

/** @type {readonly (readonly [NodeJS.Signals, number])[]} */
const ENDING_SIGNALS = [
  ["SIGHUP", 129],
  ["SIGINT", 130],
  ["SIGTERM", 143],
];

/**
 * Runs a script's main function, with one clear line and status 1 when a step failed. Until it has ended, Ctrl-C
 * and SIGTERM end the script through `process.exit`, so that what it started is ended too.
 *
 * @param {() => Promise<void>} main
 */
export async function runScript(main) {
  const handlers = ENDING_SIGNALS.map(
    ([signal, status]) => /** @type {const} */ ([signal, () => process.exit(status)]),
  );
  for (const [signal, handler] of handlers) process.once(signal, handler);
  try {
    await main();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}
