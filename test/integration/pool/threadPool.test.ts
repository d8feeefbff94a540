import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileIndexBuilder } from "../../../src/integrity/FileIndexBuilder.js";
import { ThreadPool } from "../../../src/node/ports/ThreadPool.js";
import { scopeOf } from "../../support/tree.js";

let root: string;
let pool: ThreadPool;
beforeEach(() => {
  root = fs.mkdtempSync("/tmp/muster-pool-");
  pool = new ThreadPool({ threads: 1 });
});
afterEach(async () => {
  await pool.close();
  fs.rmSync(root, { recursive: true, force: true });
});

/** A job that takes its thread a while: an index of many files, packed. */
function longJob() {
  const builder = new FileIndexBuilder(16);
  for (let n = 0; n < 20_000; n += 1) {
    const path = `etc/rules/${String(n).padStart(6, "0")}`;
    builder.add({ path, itemKey: "etc/rules/", modTime: 1, size: 1, hash: "0".repeat(32) });
  }
  return { kind: "packIndex", scope: scopeOf(root), index: builder.finish(), destination: join(root, "index.zip") } as const;
}

describe("a job that is given up", () => {
  test("is left at once with the signal's reason, and told of when it has ended", async () => {
    const stop = new AbortController();
    const reason = new Error("the connection is gone");
    const abandoned = new Promise<void>((resolve) => {
      const running = pool.run<"packIndex">(longJob(), { signal: stop.signal, onAbandoned: resolve });
      const refused = expect(running).rejects.toBe(reason);
      stop.abort(reason);
      void refused;
    });
    await abandoned;
  });

  test("costs no thread: the next job runs, and nothing half-written is left", async () => {
    const stop = new AbortController();
    const abandoned = new Promise<void>((resolve) => {
      pool.run<"packIndex">(longJob(), { signal: stop.signal, onAbandoned: resolve }).catch(() => undefined);
    });
    const next = pool.run<"walk">({ kind: "walk", scope: scopeOf(root) });
    stop.abort(new Error("given up"));
    await expect(next).resolves.toMatchObject({ files: 0 });
    await abandoned;
    expect(fs.readdirSync(root).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("is refused at once when it was given up before it was asked for", async () => {
    await expect(pool.run<"walk">({ kind: "walk", scope: scopeOf(root) }, { signal: AbortSignal.abort(new Error("late")) })).rejects.toThrow("late");
  });
});
