/**
 * `npm run docs:pictures`: draws docs/inspector-*.png anew, from a demo that runs and in Debian's Chromium
 * (MUSTER_CHROMIUM names another one). Look at them before they are committed.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { prepare } from "./prepare.mjs";
import { ROOT, runScript, StepError } from "./step.mjs";

const CHROMIUM = process.env["MUSTER_CHROMIUM"] ?? "/usr/bin/chromium";
const SIZE = { width: 1280, height: 800 };
const DEADLINE = 120_000;

/**
 * The demo's master, once the demo has told where its inspector is.
 *
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>} demo
 * @returns {Promise<string>}
 * @throws {StepError} when it ends, or says nothing of the kind in time
 */
function masterOf(demo) {
  return new Promise((resolve, reject) => {
    let printed = "";
    const fail = (/** @type {string} */ why) => reject(new StepError(`the demo ${why}:\n${printed}`));
    const deadline = setTimeout(() => fail("told no address in time"), DEADLINE);
    demo.stdout.on("data", (text) => {
      printed += String(text);
      const address = /master (http:\S+)/.exec(printed)?.[1];
      if (address === undefined) return;
      clearTimeout(deadline);
      resolve(address);
    });
    demo.once("exit", () => fail("ended"));
  });
}

/** @param {string} address of a master's inspector */
async function draw(address) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: SIZE, colorScheme: "light" });
    page.setDefaultTimeout(DEADLINE);
    await page.goto(address);
    await page.getByText("2 workers: 2 in step").waitFor();
    await page.getByRole("button", { name: "worker1" }).click();
    await page.getByRole("tab", { name: "Messages" }).click();
    // A change of the demo's files: its transfer is what the picture tells.
    await page.locator(".sequence b", { hasText: /^syn_m_c_e$/ }).first().waitFor();
    await page.getByText("2 workers: 2 in step").waitFor();
    await page.screenshot({ path: join(ROOT, "docs/inspector-cluster.png") });
    await page.getByRole("tab", { name: "Timeline" }).click();
    await page.locator("[role=treeitem]", { hasText: "integritySync" }).first().click();
    await page.locator('.state[data-lit="true"]').waitFor();
    await page.locator(".rows .row", { hasText: "sendingFile" }).waitFor();
    await page.screenshot({ path: join(ROOT, "docs/inspector-machine.png") });
  } finally {
    await browser.close();
  }
}

await runScript(async () => {
  await prepare();
  const folder = mkdtempSync(join(tmpdir(), "muster-pictures-"));
  const demo = spawn(process.execPath, [join(ROOT, "dist/src/cli/main.js"), "demo", "--folder", join(folder, "demo")], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => demo.once("exit", resolve));
  try {
    await draw(await masterOf(demo));
  } finally {
    demo.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});
