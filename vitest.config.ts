import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { instrument } from "./test/fuzz/instrument.js";

/** Real processes, sockets and thread pools: more than two files at a time would starve each other. */
const INTEGRATION = ["test/integration/**/*.test.ts", "test/conformance/replay/**/*.test.ts"];
const INTEGRATION_WORKERS = 2;
/** Real processes on a shared machine can miss a deadline for no fault of theirs: such a test has one more try, and the report tells it. */
const RETRIES = 1;
/** Minutes of chaos are nothing for every run: `npm run chaos` asks for them. */
const CHAOS = process.env["MUSTER_CHAOS_MINUTES"] === undefined ? [] : ["test/chaos/**/*.test.ts"];
/** Loading the modules anew for each file would cost more than the tests: no test changes a module or the environment for good. */
const ISOLATE = false;
const WORKERS = Math.max(2, availableParallelism());

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: WORKERS,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    reporters: ["default", "./test/support/plainReporter.ts"],
    projects: [
      {
        extends: true,
        test: { name: "unit", isolate: ISOLATE, include: ["test/unit/**/*.test.ts", "test/machines/**/*.test.ts"] },
      },
      {
        extends: true,
        test: { name: "conformance", isolate: ISOLATE, include: ["test/conformance/**/*.test.ts"], exclude: INTEGRATION },
      },
      {
        extends: true,
        test: { name: "simulation", include: ["test/simulation/**/*.test.ts"] },
      },
      {
        extends: true,
        // Alone, at the very end: a browser draws on every core.
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          maxWorkers: 1,
          // One browser, and what the files import, once for all of them.
          globalSetup: ["test/browser/setup.ts"],
          isolate: false,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          retry: RETRIES,
        },
      },
      {
        extends: true,
        test: { name: "chaos", include: CHAOS },
      },
      {
        extends: true,
        // Its code counts which of its blocks run.
        plugins: [instrument(import.meta.dirname)],
        test: { name: "fuzz", include: ["test/fuzz/**/*.test.ts"], setupFiles: ["./test/fuzz/hits.ts"] },
      },
      {
        extends: true,
        // After all others, so that their load does not stretch its waits.
        test: {
          name: "integration",
          include: INTEGRATION,
          maxWorkers: INTEGRATION_WORKERS,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry: RETRIES,
        },
      },
    ],
  },
});
