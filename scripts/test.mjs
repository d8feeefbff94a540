/**
 * `npm test`: installs and builds what is missing, runs the static checks and all tests, and ends with one line,
 * `N passed, N failed, N skipped`, whatever happened. A failed install, build or check counts as a failed test.
 *
 * Arguments: `--no-checks` leaves the static checks out; all others go to vitest, for example `--project unit`
 * or a part of a file's name.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChecks } from "./checks.mjs";
import { build, install } from "./prepare.mjs";
import { runNode, runScript, StepError } from "./step.mjs";

const TESTS_DEADLINE_SECONDS = 1800;

/** What the last line will say. `unfinished` counts as a failure: it is cleared when everything has run. */
const counts = { passed: 0, failed: 0, skipped: 0, unfinished: 1 };

// Printed while the process exits, so that neither an exception nor a signal can come after it or prevent it.
process.once("exit", (status) => {
  const failed = counts.failed + counts.unfinished;
  if (failed > 0 && status === 0) process.exitCode = 1;
  process.stdout.write(`${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped\n`);
});

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

/**
 * @param {() => Promise<void>} step
 * @returns {Promise<boolean>} false when it failed, which is then counted and told
 */
async function attempt(step) {
  try {
    await step();
    return true;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(`error: ${error.message}`);
    counts.failed += 1;
    return false;
  }
}

/** @param {readonly string[]} args */
async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), "muster-test-"));
  const file = join(folder, "counts.json");
  try {
    const result = await runNode(["node_modules/vitest/vitest.mjs", "run", ...args], {
      inherit: true,
      deadlineSeconds: TESTS_DEADLINE_SECONDS,
      env: { ...process.env, MUSTER_TEST_COUNTS: file },
    });
    const told = readCounts(file);
    counts.passed += told.passed;
    counts.skipped += told.skipped;
    // A run that ended badly without a failed test (no test found, a crash, a deadline) is a failure itself.
    counts.failed += !result.ok && told.failed === 0 ? 1 : told.failed;
    if (!result.ok) say(`vitest: ${result.ending}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} file where the reporter (test/support/plainReporter.ts) leaves its counts
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const BROWSER = process.env["MUSTER_CHROMIUM"] ?? "/usr/bin/chromium";
const BROWSER_PACKAGES = ["chromium", "fonts-dejavu-core"];
const APT_DEADLINE_SECONDS = 240;

/** Installs Debian's Chromium where this can be done; the tests in a browser are skipped without one, for a reason that is told. */
function installBrowser() {
  if (existsSync(BROWSER)) return;
  const apt = "/usr/bin/apt-get";
  const skipped = "The tests in a browser are skipped";
  if (!existsSync(apt)) return say(`${skipped}: there is no ${BROWSER}, and no apt-get to install one.`);
  if (process.getuid?.() !== 0) return say(`${skipped}: there is no ${BROWSER}. Install it as root: apt-get install ${BROWSER_PACKAGES.join(" ")}`);
  say("Installing Chromium (apt-get) ...");
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", ...BROWSER_PACKAGES]]) {
    const { status, stderr } = spawnSync(apt, args, { encoding: "utf8", env: environment, timeout: APT_DEADLINE_SECONDS * 1000 });
    if (status !== 0) return say(`${skipped}: apt-get ${args[0]} failed: ${(stderr ?? "").trim().split("\n").at(-1) ?? ""}`);
  }
}

/**
 * Whether the tests that are asked for may be those in a browser.
 *
 * @param {readonly string[]} args
 */
function wantsBrowser(args) {
  const projects = args.filter((_, at) => args[at - 1] === "--project");
  return projects.length === 0 ? args.length === 0 || args.some((argument) => argument.includes("browser")) : projects.includes("browser");
}

await runScript(async () => {
  const args = process.argv.slice(2);
  const forVitest = args.filter((argument) => argument !== "--no-checks");
  if (await attempt(() => install(say))) {
    await attempt(() => build(say));
    // Beside the tests, which wait for processes and clocks half of their time; one at a time, and behind them.
    const checks = forVitest.length === args.length ? runChecks(undefined, { atOnce: 1, niceness: 5 }) : Promise.resolve([]);
    if (wantsBrowser(forVitest)) installBrowser();
    await runTests(forVitest);
    counts.failed += (await checks).length;
  }
  counts.unfinished = 0;
});
