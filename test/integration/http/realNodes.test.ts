import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { basic } from "../../support/HttpNode.js";
import { makeRoot, writeTree } from "../../support/nodeRoot.js";
import { freePort } from "../../support/freePort.js";
import { runCommand, startNode, type MusterProcess } from "../../support/processes.js";
import { waitUntil } from "../../support/waitUntil.js";

const KEY = "0123456789abcdef0123456789abcdef";
const RULES = '<group name="local,"><rule id="100001" level="5"><description>Own</description></rule></group>\n';

interface Served {
  readonly root: string;
  readonly process: MusterProcess;
  readonly url: string;
}

let master: Served;
let worker: Served;

async function serve(kind: "master" | "worker", name: string, port: number): Promise<Served> {
  const root = await makeRoot({ kind, name, port, key: KEY, cluster: "wazuh" });
  if (kind === "master") await writeTree(root, { "etc/rules/local_rules.xml": RULES });
  const process = startNode({ root, args: ["--http", "127.0.0.1:0"] });
  const url = await waitUntil(() => /The HTTP API listens on (http:\/\/127\.0\.0\.1:\d+)/.exec(process.tail(500))?.[1]);
  return { root, process, url };
}

beforeAll(async () => {
  const port = await freePort();
  [master, worker] = await Promise.all([serve("master", "master-node", port), serve("worker", "worker1", port)]);
});

afterAll(async () => {
  for (const { process } of [worker, master]) await process.stop();
});

async function tokenOf({ root, url }: Served): Promise<string> {
  const password = (await readFile(join(root, "etc/http-admin-password"), "utf8")).trimEnd();
  const headers = { authorization: basic("admin", password) };
  return (await fetch(`${url}/security/user/authenticate?raw=true`, { method: "POST", headers })).text();
}

test("a worker is ready when it is in step, and answers from the files that it got", async () => {
  await waitUntil(async () => (await fetch(`${master.url}/readyz`)).status === 200, 30_000, "the master is ready");
  await waitUntil(async () => (await fetch(`${worker.url}/readyz`)).status === 200, 30_000, "the worker is ready");
  for (const served of [master, worker]) {
    const headers = { authorization: `Bearer ${await tokenOf(served)}` };
    const response = await fetch(`${served.url}/rules?select=level`, { headers });
    expect(await response.json()).toMatchObject({ data: { affected_items: [{ id: 100001, level: 5 }], total_affected_items: 1 }, error: 0 });
  }
  expect(await tokenOf(master)).not.toBe(await tokenOf(worker));
});

test("a port that is taken ends the command with one clear line and status 1", async () => {
  const root = await makeRoot({ kind: "master", name: "other", port: await freePort(), key: KEY, cluster: "wazuh" });
  const { host } = new URL(master.url);
  const { status, output } = await runCommand(["run", "--root", root, "--http", host]);
  expect(status).toBe(1);
  expect(output).toContain(`another program listens on ${host} already. Choose another address for the HTTP API with --http HOST:PORT`);
  const wrong = await runCommand(["run", "--root", root, "--http", "nowhere"]);
  expect([wrong.status, wrong.output.includes("HOST:PORT, [IPV6]:PORT or off")]).toEqual([2, true]);
});
