import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeDisk } from "../../../src/integrity/Disk.js";
import { FileIndexer } from "../../../src/node/FileIndexer.js";
import type { JobPool } from "../../../src/node/ports/JobPool.js";
import { doJob } from "../../../workers/doJob.js";
import { FernetKeys } from "../../../workers/FernetKeys.js";
import { scopeOf, writeTree } from "../../support/tree.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "muster-indexer-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The threads' own code, on this one. */
const pool: JobPool = {
  run: (job) => doJob(job, { disk: nodeDisk, wallTime: Date.now, keys: new FernetKeys() }),
};
const signal = new AbortController().signal;

test("an index that was forgotten and made anew has a version of its own, so that no result of the old one fits it", async () => {
  writeTree(root, { "etc/rules/a": "1" });
  const indexer = new FileIndexer({ pool, scope: scopeOf(root), onProblem: () => undefined });
  const first = await indexer.refresh(signal);
  indexer.forget();
  expect(indexer.current).toBeUndefined();
  writeTree(root, { "etc/rules/b": "2" });
  const second = await indexer.refresh(signal);
  expect(second).toMatchObject({ files: 2, changed: true });
  expect(second.version).toBeGreaterThan(first.version);
});
