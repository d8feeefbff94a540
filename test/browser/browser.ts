import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { inject } from "vitest";
import { CHROMIUM } from "./chromium.js";

/** Milliseconds; a busy machine draws slowly. */
const PATIENCE = 30_000;

/** Whether there is a browser to test with; scripts/test.mjs installs one where it can, and says when it can't. */
export const HAS_BROWSER = existsSync(CHROMIUM);

/** The one browser of all files, which setup.ts starts and ends; closing what this gives closes its pages alone. */
export async function openBrowser(): Promise<Browser> {
  return chromium.connect(inject("browser"));
}

/** A page on which everything that goes wrong, and every request, is written down. */
export interface WatchedPage {
  readonly page: Page;
  /** Addresses of all requests, sockets among them. */
  readonly requests: string[];
  /** Errors that the page threw or printed. */
  readonly troubles: string[];
}

export async function openPage(browser: Browser, address: string): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  page.setDefaultTimeout(PATIENCE);
  const requests: string[] = [];
  const troubles: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("websocket", (socket) => requests.push(socket.url()));
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  await page.goto(address);
  return { page, requests, troubles };
}
