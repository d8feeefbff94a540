import { createWebSocketReceiver, type StatelyInspectionEvent } from "@statelyai/inspect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { freePort } from "../../support/freePort.js";
import { TestCluster } from "../../support/TestCluster.js";
import { waitUntil } from "../../support/waitUntil.js";
import { fileOf, tableBelow } from "../../unit/docs/tables.js";

/** What docs/operations.md promises: names and labels. */
const PROMISED = tableBelow(fileOf("docs/operations.md"), "## Metrics").map(([name = "", labels = ""]) => ({
  name: name.replaceAll("`", ""),
  labels: labels.split(",").flatMap((label) => label.trim() || []).sort(),
}));
/** Nothing of the kind happens in a good run: of these only the type is told. */
const SELDOM = new Set(["muster_actor_crashes_total"]);

/** Milliseconds for two processes to start on a machine with other work. */
const PATIENCE = 40_000;

interface Rule {
  readonly expr: string;
}
const rules = (parse(fileOf("deploy/prometheus/alerts.yaml")) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(fileOf("deploy/grafana/muster.json")) as { panels: { targets?: Rule[] }[] };
const EXPRESSIONS = [...rules, ...panels.flatMap(({ targets = [] }) => targets)].map(({ expr }) => expr);

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A scrape as a collector reads it: which metrics there are, and their samples. */
interface Scrape {
  readonly types: ReadonlySet<string>;
  readonly samples: readonly Sample[];
}

async function scrape(port: number): Promise<Scrape> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
  expect(response.status).toBe(200);
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  const samples = lines
    .filter((line) => !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      return { name: name.replace(/^(muster_step_seconds)_\w+$/, "$1"), labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text])), value: Number(value) };
    });
  return { types: new Set(lines.flatMap((line) => /^# TYPE (\w+) /.exec(line)?.[1] ?? [])), samples };
}

describe("a cluster of `muster run`, observed over HTTP", () => {
  let cluster: TestCluster;
  let ports: { readonly master: number; readonly worker: number };
  let scrapes: { readonly master: Scrape; readonly worker: Scrape };

  beforeAll(async () => {
    cluster = await TestCluster.create();
    ports = { master: await freePort(), worker: await freePort() };
    await cluster.master.write({ "etc/muster.yaml": "http: { stately: true }\n", "etc/client.keys": { content: "001 web01 any 0011\n", mode: 0o640 } });
    for (const side of ["master", "worker"] as const) cluster[side].start("--http", `127.0.0.1:${String(ports[side])}`);
    await Promise.all([cluster.master, cluster.worker].map(({ process }) => process.waitForLog("The HTTP API listens", { timeout: PATIENCE })));
    // What happens is counted from the first scrape on.
    await Promise.all([scrape(ports.master), scrape(ports.worker)]);
    await cluster.master.write({ "etc/rules/new.xml": "<group/>\n" });
    await cluster.worker.write({ "etc/rules/stale.xml": "<group/>\n", "queue/agent-groups/001": "web" });
    const odd = await cluster.join({ name: "odd" });
    await odd.link.ask("syn_a_w_m_p", "");
    await odd.link.ask("syn_a_w_m", "12345").catch(() => undefined);
    await cluster.disconnect();
    await cluster.inStep();
    scrapes = await waitUntil(
      async () => {
        const found = { master: await scrape(ports.master), worker: await scrape(ports.worker) };
        const told = new Set([...found.master.samples, ...found.worker.samples].map(({ name }) => name));
        expect(PROMISED.map(({ name }) => name).filter((name) => !told.has(name) && !SELDOM.has(name))).toEqual([]);
        return found;
      },
      30_000,
      "a sample of every metric",
    );
  });
  afterAll(() => cluster?.dispose());

  const samplesOf = (name: string): Sample[] => [...scrapes.master.samples, ...scrapes.worker.samples].filter((sample) => sample.name === name);

  test.each(PROMISED)("$name is told, with the labels of docs/operations.md", ({ name, labels }) => {
    expect([scrapes.master.types.has(name), scrapes.worker.types.has(name)]).toEqual([true, true]);
    for (const { labels: told, value } of samplesOf(name)) {
      expect(Object.keys(told).filter((label) => label !== "le").sort()).toEqual(labels);
      expect(value).not.toBeNaN();
    }
  });

  test("nothing is told that docs/operations.md does not name", () => {
    expect([...scrapes.master.types].sort()).toEqual(PROMISED.map(({ name }) => name).sort());
  });

  test("what a synchronisation, a fault and a store do is counted under the names that the dashboard asks for", () => {
    const has = (name: string, labels: Readonly<Record<string, string>>): boolean =>
      samplesOf(name).some(({ labels: told, value }) => value > 0 && Object.entries(labels).every(([key, text]) => told[key] === text));
    expect({
      state: has("muster_process_state", { process: "integrityCheck" }),
      round: has("muster_rounds_total", { machine: "integritySync", result: "succeeded" }),
      fault: has("muster_rounds_total", { machine: "agentInfoSync", result: "failed" }),
      code: samplesOf("muster_errors_total").some(({ labels, value }) => labels["machine"] === "agentInfoSync" && Number(labels["code"]) > 0 && value > 0),
      step: has("muster_step_seconds", { machine: "integrityApply", state: "applying" }),
      created: has("muster_files_total", { machine: "integrityApply", action: "created" }),
      deleted: has("muster_files_total", { machine: "integrityApply", action: "deleted" }),
      bytes: has("muster_bytes_total", { peer: "w1", direction: "out" }),
      pause: has("muster_main_thread_pause_seconds", { of: "longest" }),
    }).toEqual({ state: true, round: true, fault: true, code: true, step: true, created: true, deleted: true, bytes: true, pause: true });
  });

  test.each([...new Set(EXPRESSIONS)])("labels of %s are those of the scrape", (expression) => {
    const metrics = [...expression.matchAll(/\b(muster_\w+?)(?:_bucket|_sum|_count)?(?:\{([^}]*)\}|(?=\W|$))/g)];
    for (const [, name = "", selector = ""] of metrics) {
      const asked = [...selector.matchAll(/(\w+)\s*[=!~]+/g)].map(([, label = ""]) => label).filter((label) => label !== "job" && label !== "instance");
      const labels = PROMISED.find((one) => one.name === name)?.labels ?? [];
      expect(asked.filter((label) => !labels.includes(label)), name).toEqual([]);
    }
    const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = ""]) => names.split(",").map((label) => label.trim()));
    const known = new Set(["le", "job", "instance", ...metrics.flatMap(([, name]) => PROMISED.find((one) => one.name === name)?.labels ?? [])]);
    expect(grouped.filter((label) => !known.has(label))).toEqual([]);
  });

  test("Stately's viewer attaches where muster.yaml says so, by the package's own receiver", async () => {
    const received: StatelyInspectionEvent[] = [];
    createWebSocketReceiver({ server: `ws://127.0.0.1:${String(ports.master)}/inspector/stately` }).subscribe((message) => received.push(message));
    await waitUntil(
      () => received.some((message) => message.type === "@xstate.snapshot" && (message.snapshot as { value?: unknown }).value === "confirming"),
      30_000,
      "a snapshot of a round",
    );
    expect(received[0]).toMatchObject({ type: "@xstate.actor", name: "master", snapshot: { value: "running" } });
    const unwanted = await fetch(`http://127.0.0.1:${String(ports.worker)}/inspector/stately`);
    expect(unwanted.status).toBe(404);
  });
});
