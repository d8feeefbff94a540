import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../support/freePort.js";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const TIMEOUT = 120_000;

/** A program of somebody who uses the package: it syncs one file, and looks at everything that the package exports. */
const CONSUMER = `
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createMaster, createWorker, MusterError } from "muster";
import type { ActorState, ClusterNode, StateChange } from "muster";
import { integrityCheck, workerPeer } from "muster/machines";
import { decryptToken, encodeFrame, encryptToken, FernetKey, FrameDecoder, HEADER_BYTES } from "muster/protocol";

const [folder = "", port = ""] = process.argv.slice(2);
const key = "0123456789abcdefghijklmnopqrstuv";
const set = { "intervals.worker.sync_integrity": 0.3, "intervals.worker.connection_retry": 0.3, "intervals.master.recalculate_integrity": 0.2 };
const common = { key, port: Number(port), set, threads: 2 };
const master: ClusterNode = await createMaster({ root: folder + "/m1", name: "m1", bindAddress: "127.0.0.1", ...common });
const worker = await createWorker({ root: folder + "/w1", name: "w1", master: "127.0.0.1", ...common });
const changes: StateChange[] = [];
worker.watch((change) => changes.push(change));
await mkdir(folder + "/m1/etc/lists", { recursive: true });
await writeFile(folder + "/m1/etc/lists/one", "synced");
await master.start();
await worker.start();
let text = "";
for (const end = performance.now() + 60_000; text !== "synced" && performance.now() < end; await delay(50)) {
  text = await readFile(folder + "/w1/etc/lists/one", "utf8").catch(() => "");
}
const state: ActorState = master.snapshot();
const answer = await master.ask({ module: "wazuh.cluster", qualname: "get_nodes_info", arguments: { filter_node: ["*"] } });
let refusal: number | undefined;
try {
  await master.ask({ module: "wazuh.cluster", qualname: "no_such_function" });
} catch (error) {
  if (error instanceof MusterError) refusal = error.code;
}
const ends = [await worker.stop(), await master.stop()];

const sealed = encryptToken(FernetKey.fromClusterKey(key), Buffer.from("hello"), 1_700_000_000, Buffer.alloc(16));
console.log(JSON.stringify({
  text,
  peers: state.children.filter(({ peer }) => peer !== undefined).map(({ machine, peer }) => [machine, peer]),
  answer,
  refusal,
  changed: changes.some(({ machine }) => machine === "integrityApply"),
  ends: ends.map(({ error }) => error),
  machines: [integrityCheck.id, workerPeer.id],
  opened: decryptToken(FernetKey.fromClusterKey(key), sealed).toString(),
  frames: [typeof encodeFrame, typeof FrameDecoder, HEADER_BYTES],
}));
`;

const TSCONFIG = {
  compilerOptions: {
    ...{ target: "ES2022", module: "NodeNext", strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ types: ["node"], outDir: "out", rootDir: ".", skipLibCheck: true },
  },
  files: ["consumer.ts"],
};

/** An empty project in which the tarball is installed, with the packages that it needs taken from ours. */
let project = "";
let files: string[] = [];

const run = async (program: string, ...args: readonly string[]): Promise<string> => {
  const options = { cwd: project, timeout: TIMEOUT, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, npm_config_offline: "true" } };
  try {
    return (await promisify(execFile)(program, [...args], options)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
};

async function link(path: string): Promise<void> {
  const target = join(project, "node_modules", path);
  await mkdir(dirname(target), { recursive: true });
  await symlink(join(REPOSITORY, "node_modules", path), target);
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "muster-package-"));
  const packed = await run("npm", "pack", REPOSITORY, "--json", "--ignore-scripts", "--pack-destination", project);
  const [{ filename, files: listed }] = JSON.parse(packed) as [{ filename: string; files: readonly { path: string }[] }];
  files = listed.map(({ path }) => path);
  await mkdir(join(project, "node_modules/muster"), { recursive: true });
  await run("tar", "-xzf", filename, "-C", "node_modules/muster", "--strip-components=1");
  const { dependencies } = JSON.parse(await readFile(join(project, "node_modules/muster/package.json"), "utf8")) as { dependencies: Record<string, string> };
  // What a registry would give: the packages that it names, and no others.
  for (const name of [...Object.keys(dependencies), "@types/node"]) await link(name);
  await writeFile(join(project, "package.json"), '{"name": "consumer", "type": "module"}');
  await writeFile(join(project, "consumer.ts"), CONSUMER);
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(TSCONFIG));
}, TIMEOUT);
afterAll(() => rm(project, { recursive: true, force: true }));

describe("the package that npm pack makes", () => {
  test("holds program, types, documents and what deploys it, and nothing else", () => {
    const parts = new Set(files.map((path) => path.split("/").slice(0, path.startsWith("dist/") ? 2 : 1).join("/")));
    expect([...parts].sort()).toEqual(["LICENSE", "README.md", "deploy", "dist/machines", "dist/src", "dist/workers", "docs", "man", "package.json"].sort());
    expect(files.filter((path) => /\.map$|\.test\.|cluster-key|\.tsbuildinfo/.test(path))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(["man/muster.1", "deploy/systemd/muster.service", "deploy/helm/muster/Chart.yaml"]));
  });

  test("exports files that are there", async () => {
    const root = join(project, "node_modules/muster");
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      bin: Record<string, string>;
      man: string;
      types: string;
      exports: Record<string, string | Record<string, string>>;
    };
    const paths = [manifest.man, manifest.types, ...Object.values(manifest.bin), ...Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? entry : Object.values(entry)))];
    for (const path of paths) expect((await stat(join(root, path))).isFile(), path).toBe(true);
  });

  test("compiles into a program of somebody else's, which keeps two nodes in step", async () => {
    await run(process.execPath, join(REPOSITORY, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json");
    const told = JSON.parse(await run(process.execPath, "out/consumer.js", project, String(await freePort()))) as Record<string, unknown>;
    expect(told).toMatchObject({
      text: "synced",
      peers: [["workerPeer", "w1"]],
      answer: { error: 0, data: { total_affected_items: 2 } },
      refusal: expect.any(Number),
      changed: true,
      ends: [null, null],
      machines: ["integrityCheck", "workerPeer"],
      opened: "hello",
      frames: ["function", "function", expect.any(Number)],
    });
  }, TIMEOUT);

  test("has a program that runs", async () => {
    const { bin, version } = JSON.parse(await readFile(join(project, "node_modules/muster/package.json"), "utf8")) as { bin: { muster: string }; version: string };
    expect(await run(process.execPath, `node_modules/muster/${bin.muster}`, "--version")).toBe(`${version}\n`);
    expect(await readdir(join(project, "node_modules/muster/man"))).toEqual(["muster.1"]);
  });
});
