import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { hasOpenssl, makeAuthority, makeCertificate } from "../../support/certificates.js";
import { freePort, MusterProcess, waitUntil, writeTree } from "../../support/processes.js";
import { fileOf } from "../../unit/docs/tables.js";

const HEALTH = fileURLToPath(new URL("../../../deploy/container/health.mjs", import.meta.url));
const TIMEOUT = 30_000;
type Variables = Readonly<Record<string, string>>;

const { services } = parse(fileOf("deploy/container/compose.yaml"), { merge: true }) as { services: Record<string, { environment: Variables }> };
const canTls = await hasOpenssl();
if (!canTls) process.stdout.write("Skipped, for lack of the program openssl: the HTTP API with a certificate from the environment.\n");

/** The nodes of compose.yaml by their variables alone, as processes: what a container would add is a file system and a network. */
describe("nodes without an ossec.conf, as containers start them", () => {
  let folder = "";
  let common: Variables = {};
  const started = new Map<string, Variables>();

  async function start(service: string, more: Variables = {}): Promise<MusterProcess> {
    const http = `127.0.0.1:${await freePort()}`;
    const variables = { ...services[service]?.environment, ...common, MUSTER_ROOT: join(folder, service), MUSTER_HTTP_LISTEN: http, ...more };
    started.set(service, variables);
    return new MusterProcess(["run"], variables);
  }

  /** What the image's health check says: its status and its line. */
  async function health(service: string, path: string): Promise<string> {
    const options = { env: { ...process.env, ...started.get(service) }, timeout: TIMEOUT };
    return await promisify(execFile)(process.execPath, [HEALTH, path], options).then(
      () => "healthy",
      ({ stderr }: { stderr: string }) => stderr,
    );
  }
  const becomes = (service: string, path: string) => waitUntil(async () => (await health(service, path)) === "healthy", TIMEOUT, `${path} of ${service}`);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "muster-environment-"));
    await writeTree(folder, { "cluster-key": { content: "0123456789abcdefghijklmnopqrstuv\n", mode: 0o640 }, "master/etc/lists/one": "from the master" });
    common = {
      MUSTER_KEYS_FILES: join(folder, "cluster-key"),
      MUSTER_CLUSTER_NODES: "127.0.0.1",
      MUSTER_CLUSTER_BIND_ADDR: "127.0.0.1",
      MUSTER_CLUSTER_PORT: String(await freePort()),
      MUSTER_INTERVALS_WORKER_CONNECTION_RETRY: "0.3",
      MUSTER_INTERVALS_WORKER_SYNC_INTEGRITY: "0.3",
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("keep files in step, and their health check knows how they are", async () => {
    const worker = await start("worker1");
    await becomes("worker1", "/healthz");
    expect(await health("worker1", "/readyz")).toMatch(/status 503/);
    const master = await start("master");
    await becomes("master", "/readyz");
    await becomes("worker1", "/readyz");
    expect(await readFile(join(folder, "worker1/etc/lists/one"), "utf8")).toBe("from the master");
    expect(master.logs.filter(({ level }) => level === "warning")).toEqual([]);
    expect(await worker.stop()).toMatchObject({ status: 0 });
  }, 120_000);

  test.skipIf(!canTls)("serve the HTTP API to others with a certificate that the environment names", async () => {
    await makeAuthority(folder);
    await makeCertificate(folder, "http", "worker2");
    const worker = await start("worker2", {
      MUSTER_HTTP_LISTEN: `0.0.0.0:${await freePort()}`,
      MUSTER_HTTP_TLS_CERTIFICATE: join(folder, "http.pem"),
      MUSTER_HTTP_TLS_KEY: join(folder, "http.key"),
    });
    await worker.waitForLog("listens on https://0.0.0.0");
    await becomes("worker2", "/healthz");
    expect(await worker.stop()).toMatchObject({ status: 0 });
  }, 120_000);

  test("refuse to serve it to others without one", async () => {
    const worker = await start("worker2", { MUSTER_HTTP_LISTEN: `0.0.0.0:${await freePort()}` });
    expect(await worker.ended).toMatchObject({ status: 1 });
    expect(worker.printed.join("\n")).toMatch(/certificate|unencrypted|TLS/);
  }, 60_000);
});
