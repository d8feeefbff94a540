import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HAS_BROWSER, openBrowser, openPage, type WatchedPage } from "./browser.js";
import { freePort } from "../support/freePort.js";
import { TEST_KEY, TestCluster } from "../support/TestCluster.js";

/** The states of a round in which files come, in the words of the page's event log. */
const PASSED = ["awaitingPermission", "receivingFile", "applying", "free"];

describe.skipIf(!HAS_BROWSER)("the inspector of real nodes", () => {
  let cluster: TestCluster;
  let browser: Browser;
  let ofMaster: WatchedPage;
  let ofWorker: WatchedPage;

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([TestCluster.create({ workers: ["w1"] }), openBrowser()]);
    const [masterPort, workerPort] = [await freePort(), await freePort()];
    for (const node of [cluster.master, cluster.worker]) await node.write({ "etc/muster.yaml": "http:\n  inspector: open\n" });
    await cluster.master.start("--http", `127.0.0.1:${String(masterPort)}`).waitForLog("The HTTP API listens");
    await cluster.worker.start("--http", `127.0.0.1:${String(workerPort)}`).waitForLog("The HTTP API listens");
    await cluster.inStep();
    ofMaster = await openPage(browser, `http://127.0.0.1:${String(masterPort)}/inspector/`);
    ofWorker = await openPage(browser, `http://127.0.0.1:${String(workerPort)}/inspector/`);
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.dispose();
  });

  test("the worker's page shows a synchronisation passing through its states, in the chart and in the log", async () => {
    const { page } = ofWorker;
    await page.getByRole("treeitem", { name: "integrityApply" }).click();
    await page.locator('[data-state="applying"]').waitFor();
    expect(await page.locator('.state[aria-current="true"]').getAttribute("data-state")).toBe("free");
    await page.evaluate(() => {
      const lit = new Set<string>();
      Object.assign(window, { lit });
      const look = (): void => {
        for (const state of document.querySelectorAll<SVGElement>(".state")) {
          if (state.getAttribute("data-lit") === "true" || state.getAnimations().length > 0) lit.add(state.dataset["state"] ?? "");
        }
        requestAnimationFrame(look);
      };
      look();
    });
    await page.getByRole("tab", { name: "Events" }).click();
    await cluster.master.write({ "etc/rules/seen.xml": "<group/>", "etc/lists/large": Buffer.alloc(300_000, "x") });
    for (const state of PASSED) await page.locator(".events li b", { hasText: new RegExp(`^${state}$`) }).first().waitFor();
    await page.waitForFunction(() => {
      const { lit } = window as unknown as { lit: Set<string> };
      return ["receivingFile", "unpacking", "applying", "free"].every((state) => lit.has(state));
    });
  });

  test("the master's page shows the messages with a chosen worker, and the transfer", async () => {
    const { page } = ofMaster;
    await page.locator("[data-worker=w1]").click();
    await page.getByRole("tab", { name: "Messages" }).click();
    await page.locator(".ends", { hasText: "w1" }).waitFor();
    await cluster.master.write({ "etc/lists/other": Buffer.alloc(300_000, "y") });
    for (const command of ["syn_i_w_m_p", "syn_m_c", "file_upd", "syn_m_c_e"]) {
      await page.locator(".sequence b", { hasText: new RegExp(`^${command}$`) }).first().waitFor();
    }
    await page.getByRole("tab", { name: "Transfers" }).click();
    await page.locator('.transfers tr[data-state="done"]', { hasText: "to w1" }).first().waitFor();
  });

  test("a trace that is exported and opened again shows the same", async () => {
    const { page } = ofMaster;
    await page.getByRole("tab", { name: "Events" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    const seen = (): Promise<string[]> => page.locator(".events li").allTextContents();
    const tree = (): Promise<string[]> => page.locator("[role=treeitem]").allTextContents();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export trace" }).click()]);
    const file = await download.path();
    const text = await readFile(file, "utf8");
    expect(text).not.toContain(TEST_KEY);
    expect(JSON.parse(text)).toMatchObject({ format: "muster-inspector-trace", node: { name: "m1" } });
    await page.locator("input[type=file]").setInputFiles({ name: "m1.trace.json", mimeType: "application/json", buffer: Buffer.from(text) });
    await page.getByText("from a file").waitFor();
    const [events, actors] = [await seen(), await tree()];
    expect(events.length).toBeGreaterThan(20);
    // A page that never had a node shows the same of it.
    const other = await openPage(browser, page.url());
    await other.page.locator("input[type=file]").setInputFiles({ name: "m1.trace.json", mimeType: "application/json", buffer: Buffer.from(text) });
    await other.page.getByText("from a file").waitFor();
    await other.page.getByRole("tab", { name: "Events" }).click();
    await expect.poll(() => other.page.locator(".events li").allTextContents(), { timeout: 20_000 }).toEqual(events);
    expect(await other.page.locator("[role=treeitem]").allTextContents()).toEqual(actors);
    await other.page.close();
    await page.getByRole("button", { name: "Close trace" }).click();
    await page.getByText("live", { exact: true }).waitFor();
  });

  test("a worker that is killed turns red within its timeout", async () => {
    const { page } = ofMaster;
    await page.getByRole("tab", { name: "Cluster" }).click();
    await page.locator('[data-worker=w1][data-verdict="in-step"]').waitFor();
    await cluster.worker.process.kill();
    const card = page.locator('[data-worker=w1][data-verdict="lost"]');
    await card.waitFor();
    const [red = 0, green = 0, blue = 0] = await card.locator(".verdict").evaluate((element) => {
      return (getComputedStyle(element).color.match(/\d+/g) ?? []).map(Number);
    });
    expect(red).toBeGreaterThan(2 * Math.max(green, blue));
  });

  test("the worker's own page says that its node can't be reached", async () => {
    await ofWorker.page.getByText("The node can't be reached").waitFor();
  });

  test("no request leaves the machine, and the master's page meets no error", () => {
    const hosts = [...ofMaster.requests, ...ofWorker.requests].map((address) => new URL(address).hostname).filter((host) => host !== "");
    expect(new Set(hosts)).toEqual(new Set(["127.0.0.1"]));
    expect(ofMaster.troubles).toEqual([]);
  });
});
