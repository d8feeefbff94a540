import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileIndex } from "../../../src/integrity/FileIndex.js";
import { FernetKey, decryptToken } from "../../../src/protocol/fernet.js";
import type { JobKind, PoolAnswer, PoolJob, PoolJobs } from "../../../workers/jobs.js";
import runJob from "../../../workers/pool.js";
import { RECORDED_CLUSTER_KEY } from "../../support/recordings.js";
import { md5, scopeOf, writeTree } from "../../support/tree.js";

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync("/tmp/muster-pool-");
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

/** Runs a job that is still wanted. */
function answerTo(job: PoolJob): Promise<PoolAnswer> {
  return runJob({ job, cancelled: new Int32Array(new SharedArrayBuffer(4)) });
}

async function resultOf<Kind extends JobKind>(job: PoolJobs[Kind]["job"]): Promise<PoolJobs[Kind]["result"]> {
  const answer = await answerTo(job);
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.result;
}

async function indexOf(folder: string): Promise<SharedArrayBuffer> {
  const scope = scopeOf(folder);
  const { draft, batches } = await resultOf<"walk">({ kind: "walk", scope });
  for (const [from, to] of batches) await resultOf<"hash">({ kind: "hash", scope, draft, from, to });
  return draft;
}

describe("the pool's entry", () => {
  test("seals a part of a file into shared memory, and opens it there", async () => {
    const file = join(root, "archive");
    const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    fs.writeFileSync(file, content);
    const memory = new SharedArrayBuffer(200_000);
    const key = RECORDED_CLUSTER_KEY;
    const part = { prefix: Buffer.from("/path "), file, position: 10_000, length: 80_000 };
    const sealed = await resultOf<"sealFile">({ kind: "sealFile", key, ...part, seconds: 1, iv: Buffer.alloc(16), target: memory, offset: 20 });
    const expected = Buffer.concat([part.prefix, content.subarray(10_000, 90_000)]);
    expect(decryptToken(FernetKey.fromClusterKey(key), Buffer.from(memory, 20, sealed.bytes)).equals(expected)).toBe(true);
    const opened = await resultOf<"openInPlace">({ kind: "openInPlace", keys: ["x".repeat(32), key], memory, offset: 20, length: sealed.bytes });
    expect(Buffer.from(memory, 20 + opened.start, opened.bytes).equals(expected)).toBe(true);
    expect(opened.key).toBe(1);
  });

  test("a file that became shorter while it is sealed is that file's error", async () => {
    const file = join(root, "archive");
    fs.writeFileSync(file, "short");
    const job = { kind: "sealFile", key: RECORDED_CLUSTER_KEY, prefix: Buffer.from("/a "), file, position: 0, length: 6, seconds: 1, iv: Buffer.alloc(16) } as const;
    const answer = await answerTo({ ...job, target: new SharedArrayBuffer(1000), offset: 20 });
    expect(answer).toMatchObject({ ok: false, error: { systemCode: "EIO", message: expect.stringContaining("became shorter") } });
  });

  test("indexes a tree: walk, then hash in place", async () => {
    writeTree(root, { "etc/rules/a": "1", "etc/client.keys": "2" });
    const index = new FileIndex(await indexOf(root));
    expect([...index.entries()].map(({ path, hash }) => [path, hash])).toEqual([["etc/client.keys", md5("2")], ["etc/rules/a", md5("1")]]);
  });

  test("carries a worker's index to a comparison: packIndex, readIndex, compare", async () => {
    writeTree(join(root, "master"), { "etc/rules/a": "1", "etc/rules/b": "1" });
    writeTree(join(root, "worker"), { "etc/rules/a": "1", "etc/rules/c": "1" });
    const scope = scopeOf(join(root, "worker"));
    const archive = join(root, "index.zip");
    const own = await indexOf(join(root, "master"));
    const packed = await resultOf<"packIndex">({ kind: "packIndex", scope, index: await indexOf(join(root, "worker")), destination: archive });
    expect([packed.files, packed.bytes]).toEqual([2, fs.statSync(archive).size]);
    const read = await resultOf<"readIndex">({ kind: "readIndex", scope, archive });
    const { counts } = await resultOf<"compare">({ kind: "compare", scope, own, peer: read.index });
    expect(counts).toEqual({ missing: 1, shared: 0, extra: 1, extraValid: 0 });
  });

  test.each([0, 100, 100_000])("encrypts %i bytes to a token that only the key opens, and decrypts it", async (length) => {
    const payload = Buffer.alloc(length, "x");
    const { bytes } = await resultOf<"encrypt">({ kind: "encrypt", key: RECORDED_CLUSTER_KEY, payload, seconds: 1795455198, iv: new Uint8Array(16).fill(7) });
    expect(decryptToken(FernetKey.fromClusterKey(RECORDED_CLUSTER_KEY), bytes).equals(payload)).toBe(true);
    const clear = await resultOf<"decrypt">({ kind: "decrypt", key: RECORDED_CLUSTER_KEY, token: bytes });
    expect(Buffer.from(clear.bytes).equals(payload)).toBe(true);
    const { ok } = await answerTo({ kind: "decrypt", key: "0".repeat(32), token: bytes });
    expect(ok).toBe(false);
  });

  test("answers a failure with the catalogue's code, as data", async () => {
    const answer = await answerTo({ kind: "decrypt", key: RECORDED_CLUSTER_KEY, token: Buffer.from("no token") });
    expect(answer).toMatchObject({ ok: false, error: { code: 3025, systemCode: null } });
    expect(structuredClone(answer)).toEqual(answer);
  });

  test("answers a failure of the system with its code", async () => {
    const answer = await answerTo({ kind: "packIndex", scope: scopeOf(root), index: await indexOf(root), destination: join(root, "no/such/folder/x.zip") });
    expect(answer).toMatchObject({ ok: false, error: { systemCode: "ENOENT" } });
  });

  test("answers a broken table with an error, not with a crash", async () => {
    const answer = await answerTo({ kind: "walk", scope: scopeOf(root), previous: new SharedArrayBuffer(8) });
    expect(answer).toMatchObject({ ok: false, error: { code: 1000, extra: "not a packed file index" } });
  });

  test("answers a kind that it does not know with an error", async () => {
    const answer = await answerTo(JSON.parse('{"kind": "__proto__"}') as PoolJob);
    expect(answer).toMatchObject({ ok: false, error: { code: 1000 } });
  });

  test("does not begin a job that was given up", async () => {
    const cancelled = new Int32Array(new SharedArrayBuffer(4)).fill(1);
    const destination = join(root, "index.zip");
    const index = await indexOf(root);
    const answer = await runJob({ job: { kind: "packIndex", scope: scopeOf(root), index, destination }, cancelled });
    expect(answer).toMatchObject({ ok: false, error: { extra: "the job was given up before it began" } });
    expect(fs.existsSync(destination)).toBe(false);
  });
});
