import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultsOf } from "./accessibility.js";
import { HAS_BROWSER, openBrowser, openPage, type WatchedPage } from "./browser.js";
import { freePort } from "../support/freePort.js";
import { TEST_KEY, TestCluster } from "../support/TestCluster.js";

/** Milliseconds for three processes and a browser to start at once on a machine with other work. */
const PATIENCE = 60_000;

describe.skipIf(!HAS_BROWSER)("the inspector of real nodes", () => {
  let cluster: TestCluster;
  let browser: Browser;
  let ofMaster: WatchedPage;
  let ofWorker: WatchedPage;

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([TestCluster.create({ workers: ["w1"] }), openBrowser()]);
    const [masterPort, workerPort] = [await freePort(), await freePort()];
    // The master wants to know who watches, as every node does unless it is told otherwise.
    await cluster.worker.write({ "etc/muster.yaml": "http:\n  inspector: open\n" });
    cluster.master.start("--http", `127.0.0.1:${String(masterPort)}`);
    cluster.worker.start("--http", `127.0.0.1:${String(workerPort)}`);
    await Promise.all([cluster.master, cluster.worker].map(({ process }) => process.waitForLog("The HTTP API listens", { timeout: PATIENCE })));
    [ofMaster, ofWorker] = await Promise.all([
      openPage(browser, `http://127.0.0.1:${String(masterPort)}/inspector/`),
      openPage(browser, `http://127.0.0.1:${String(workerPort)}/inspector/`),
    ]);
    await cluster.inStep();
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.dispose();
  });

  test("the master's page asks who watches, refuses a wrong password in words, and takes a right one, by keyboard alone", async () => {
    const { page, troubles } = ofMaster;
    const form = page.getByRole("dialog");
    await form.waitFor();
    expect(await faultsOf(page)).toEqual([]);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("user");
    await page.keyboard.type("admin");
    await page.keyboard.press("Tab");
    await page.keyboard.type("wrong");
    await page.keyboard.press("Enter");
    await form.getByRole("alert").getByText("does not know this user and password").waitFor();
    expect(await page.locator("[data-worker]").count()).toBe(0);
    const password = (await cluster.master.read("etc/http-admin-password")).trimEnd();
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
    await page.locator("[data-worker=w1]").waitFor();
    await form.waitFor({ state: "hidden" });
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    // Chromium prints refused answers: the first ticket, and the wrong password.
    expect(troubles.splice(0).map((text) => /status of (\d+)/.exec(text)?.[1])).toEqual(["401", "401"]);
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
    const told = (state: string): Promise<void> => page.locator(".events li b", { hasText: new RegExp(`^${state}$`) }).first().waitFor();
    await told("awaitingPermission");
    await page.getByLabel("Whose").selectOption("of the chosen actor");
    for (const state of ["receivingFile", "applying", "free"]) await told(state);
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
    const text = Buffer.concat(await (await download.createReadStream()).toArray()).toString("utf8");
    expect(text).not.toContain(TEST_KEY);
    expect(JSON.parse(text)).toMatchObject({ format: "muster-inspector-trace", node: { name: "m1" } });
    await page.locator("input[type=file]").setInputFiles({ name: "m1.trace.json", mimeType: "application/json", buffer: Buffer.from(text) });
    await page.getByText("from a file").waitFor();
    const [events, actors] = [await seen(), await tree()];
    expect(events.length).toBeGreaterThan(20);
    // A page that never had a node shows the same of it.
    const other = await openPage(browser, page.url());
    await other.page.getByRole("dialog").waitFor();
    await other.page.keyboard.press("Escape");
    await other.page.locator("input[type=file]").setInputFiles({ name: "m1.trace.json", mimeType: "application/json", buffer: Buffer.from(text) });
    await other.page.getByText("from a file").waitFor();
    await other.page.getByRole("tab", { name: "Events" }).click();
    await expect.poll(() => other.page.locator(".events li").allTextContents(), { timeout: 20_000 }).toEqual(events);
    expect(await other.page.locator("[role=treeitem]").allTextContents()).toEqual(actors);
    await other.page.close();
    await page.getByRole("button", { name: "Close trace" }).click();
    await page.getByText("live", { exact: true }).waitFor();
  });

  test("by keyboard: the tree, a card, the tabs and the time can be reached, moved in and chosen from", async () => {
    const { page } = ofMaster;
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
    await page.getByRole("treeitem", { name: "integrityIndexer" }).click();
    await page.keyboard.press("Home");
    expect(await focused()).toContain("master");
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Machine", selected: true }).waitFor();
    await page.getByRole("tab", { name: "Machine" }).focus();
    await page.keyboard.press("ArrowLeft");
    expect(await focused()).toBe("Cluster");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("w1");
    await page.keyboard.press("Enter");
    await page.locator('[data-worker=w1][aria-current="true"]').waitFor();
    await page.getByRole("button", { name: "Pause" }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("One step back").press("Enter");
    const slider = page.getByLabel("Instant that is shown");
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/^\d\d:\d\d:\d\d/);
    await page.getByRole("button", { name: "Go live" }).press("Enter");
    await page.getByText("live", { exact: true }).waitFor();
  });

  test.each([
    ["Cluster", "Timeline"],
    ["Machine", "Messages"],
    ["Machine", "Transfers"],
    ["Cluster", "Events"],
  ])("with %s above and %s below, the page is usable with a screen reader, and readable in light and dark", async (upper, lower) => {
    const { page } = ofMaster;
    await page.getByRole("tab", { name: upper }).click();
    await page.getByRole("tab", { name: lower }).click();
    // A picture that stands still, so that every colour is the one that was looked at.
    await page.getByRole("button", { name: "Pause" }).click();
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    expect(await faultsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    expect(await faultsOf(page, "contrast")).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
    await page.getByRole("button", { name: "Go live" }).click();
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
