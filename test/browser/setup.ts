import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { CHROMIUM } from "./chromium.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the tests in a browser find it. */
    readonly browser: string;
  }
}

/** Starts one browser for all files of tests; the result ends it. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!existsSync(CHROMIUM)) return undefined;
  const server = await chromium.launchServer({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  project.provide("browser", server.wsEndpoint());
  return () => server.close();
}
