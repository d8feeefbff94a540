import { describe, expect, test } from "vitest";
import { createActor } from "xstate";
import { parse } from "yaml";
import { localClient } from "../../../machines/localClient.js";
import { NodeMetrics } from "../../../src/http/metrics/NodeMetrics.js";
import { ManualClock } from "../../support/manualClock.js";
import { fileOf, tableBelow } from "../docs/tables.js";

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const metrics = new NodeMetrics({
  identity: { node: "m1", type: "master", version: "1.2.3", clusterVersion: "4.3.0", cluster: "c" },
  actor: createActor(localClient, { input: { clientId: "1", clock: new ManualClock() } }),
  clock: new ManualClock(),
  steps: { report: () => [] },
  pool: { load: { threads: 0, queued: 0, completed: 0, averageWait: 0, averageRun: 0, p99Wait: 0, p99Run: 0 } },
  store: {
    listAgents: async () => ({ agents: [], total: 0 }),
    describe: () => ({ adapter: "embedded", state: "idle", location: "", lastError: null, inFlight: 0, waiting: 0, restarts: 0 }),
  },
  traffic: { read: () => [] },
});
const names = new Set(metrics.names);

const rules = (parse(fileOf("deploy/prometheus/alerts.yaml")) as { groups: { name: string; rules: AlertRule[] }[] }).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(fileOf("deploy/grafana/muster.json")) as { title: string; panels: Panel[]; templating: { list: { query: string }[] } };
const expressions = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

/** Names in an expression that are muster's; a histogram is also read by its parts. */
function metricsIn(expression: string): string[] {
  const withoutTexts = expression.replace(/"[^"]*"/g, "");
  return [...withoutTexts.matchAll(/\bmuster_\w+/g)].map(([name]) => name.replace(/^(muster_step_seconds)_(bucket|sum|count)$/, "$1"));
}

/** Brackets of an expression close in order. */
function isBalanced(expression: string): boolean {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  for (const character of expression.replace(/"[^"]*"/g, "")) {
    if (Object.values(pairs).includes(character)) open.push(character);
    else if (character in pairs && open.pop() !== pairs[character]) return false;
  }
  return open.length === 0;
}

describe("deploy/prometheus/alerts.yaml", () => {
  test.each(rules)("$alert: what it asks for is there, and it says what to know", ({ alert, expr, labels, annotations, ...rule }) => {
    expect(alert).toMatch(/^Muster[A-Z]\w+$/);
    expect(metricsIn(expr).filter((name) => !names.has(name))).toEqual([]);
    expect(metricsIn(expr).length + Number(expr.startsWith("up{"))).toBeGreaterThan(0);
    expect(isBalanced(expr)).toBe(true);
    expect(["warning", "critical"]).toContain(labels.severity);
    expect(rule.for ?? "1m").toMatch(/^\d+[smh]$/);
    expect(annotations.summary).not.toBe("");
    expect(annotations.description).not.toBe("");
  });

  test("has each alert once, and docs/operations.md explains each", () => {
    const alerts = rules.map(({ alert }) => alert);
    expect(new Set(alerts).size).toBe(alerts.length);
    expect(tableBelow(fileOf("docs/operations.md"), "## Alerts").map(([name]) => name)).toEqual(alerts.map((alert) => `\`${alert}\``));
  });
});

describe("deploy/grafana/muster.json", () => {
  test.each(expressions)("$title: $expr", ({ expr }) => {
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    expect(metricsIn(expr).filter((name) => !names.has(name))).toEqual([]);
    expect(isBalanced(expr)).toBe(true);
  });

  test("shows every metric somewhere, and every panel has an id of its own", () => {
    const shown = new Set([...expressions.flatMap(({ expr }) => metricsIn(expr)), ...dashboard.templating.list.flatMap(({ query }) => metricsIn(query))]);
    // What an alert tells of is shown as the sum of those that are not connected.
    expect([...names].filter((name) => !shown.has(name))).toEqual(["muster_worker_connected"]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

test("docs/operations.md has a row for every metric", () => {
  const rows = tableBelow(fileOf("docs/operations.md"), "## Metrics").map(([name = ""]) => name.replaceAll("`", ""));
  expect(rows.sort()).toEqual([...names].sort());
});
