import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { mergeValues, renderChart } from "../../support/helm/renderChart.js";
import { MANIFEST } from "../../support/kubernetesSchemas.js";
import type { Manifest, StatefulSet } from "../../support/kubernetesSchemas.js";
import { fileOf } from "../docs/tables.js";
import { COMMAND_NAMES, unknownVariables } from "./known.js";

const CHART = "deploy/helm/muster";
const FOLDER = fileURLToPath(new URL(`../../../${CHART}`, import.meta.url));
const VALUES: unknown = parse(fileOf(`${CHART}/values.yaml`));
const HEADER = `# Made of the chart in deploy/helm/muster with its own values, for clusters without Helm (docs/deploy.md):
#   kubectl create secret generic muster-cluster-key --from-literal=key="$(openssl rand -hex 16)"
#   kubectl apply --filename deploy/kubernetes/muster.yaml
`;

/** Everything in the chart that a value switches on. */
const EVERYTHING = {
  image: { repository: "registry.example/muster", tag: "9.9.9" },
  imagePullSecrets: [{ name: "pull" }],
  http: { tlsSecret: "muster-http" },
  extraEnv: [{ name: "MUSTER_LOG_LEVEL", value: "debug" }],
  master: { nodeSelector: { disk: "fast" }, storage: { className: "fast" } },
  worker: { replicas: 3, tolerations: [{ key: "wazuh", operator: "Exists" }] },
  networkPolicy: { foreignWorkers: [{ ipBlock: { cidr: "10.0.0.0/8" } }], httpClients: [{ namespaceSelector: { matchLabels: { team: "soc" } } }] },
};

/** YAML 1.1, as Kubernetes reads it. */
const manifestsOf = (text: string): Manifest[] =>
  parseAllDocuments(text, { version: "1.1" }).map((document) => {
    expect(document.errors).toEqual([]);
    return MANIFEST.parse(document.toJS());
  });
const render = (values: object): Manifest[] => manifestsOf(renderChart(FOLDER, "muster", values));
const statefulSets = (manifests: readonly Manifest[]): StatefulSet[] => manifests.filter((manifest) => manifest.kind === "StatefulSet");

/** The labels that a set or a budget selects by. */
const selectorOf = (manifest: Manifest): Readonly<Record<string, string>> =>
  manifest.kind === "StatefulSet" || manifest.kind === "PodDisruptionBudget" ? manifest.spec.selector.matchLabels : {};

describe.each([
  ["with its own values", {}],
  ["with everything switched on", EVERYTHING],
])("the chart %s", (_, values) => {
  const manifests = render(values);
  const sets = statefulSets(manifests);
  const podsOf = (labels: Readonly<Record<string, string>>) =>
    sets.filter(({ spec }) => Object.entries(labels).every(([name, value]) => spec.template.metadata.labels[name] === value));

  test("makes a master and its workers", () => {
    expect(sets.map(({ metadata, spec }) => [metadata.name, spec.replicas])).toEqual([
      ["muster-master", 1],
      ["muster-worker", "worker" in values ? 3 : 2],
    ]);
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(["NetworkPolicy", "NetworkPolicy", "PodDisruptionBudget", "Service", "Service", "StatefulSet", "StatefulSet"]);
  });

  test("every selector finds the pods of one set", () => {
    for (const manifest of manifests) {
      const { spec } = manifest;
      const labels = manifest.kind === "Service" ? manifest.spec.selector : "podSelector" in spec ? spec.podSelector.matchLabels : selectorOf(manifest);
      expect(podsOf(labels), `${manifest.kind} ${manifest.metadata.name}`).toHaveLength(1);
    }
  });

  test("services, probes and policies name ports, volumes and services that are there", () => {
    for (const manifest of manifests) {
      if (manifest.kind === "Service") {
        const names = podsOf(manifest.spec.selector).flatMap(({ spec }) => spec.template.spec.containers[0].ports.map(({ name }) => name));
        expect(names).toEqual(expect.arrayContaining(manifest.spec.ports.map(({ targetPort }) => targetPort)));
      }
      if (manifest.kind === "NetworkPolicy") {
        const rules = [...manifest.spec.ingress, ...manifest.spec.egress];
        const named = rules.flatMap(({ ports }) => ports.map(({ port }) => port)).filter((port) => typeof port === "string");
        expect(["cluster", "http"]).toEqual(expect.arrayContaining(named));
      }
    }
    const services = manifests.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name);
    for (const { spec } of sets) {
      const { containers, volumes } = spec.template.spec;
      expect(services).toContain(spec.serviceName);
      const there = [...volumes, ...spec.volumeClaimTemplates.map(({ metadata }) => metadata)].map(({ name }) => name);
      expect(containers[0].volumeMounts.map(({ name }) => name).sort()).toEqual(there.sort());
      expect(services).toContain(containers[0].env.find(({ name }) => name === "MUSTER_CLUSTER_NODES")?.value);
    }
  });

  test("a master lets its workers in, and they may reach it", () => {
    const policies = new Map(manifests.filter((manifest) => manifest.kind === "NetworkPolicy").map((policy) => [policy.metadata.name, policy.spec]));
    const master = policies.get("muster-master");
    const worker = policies.get("muster-worker");
    expect(podsOf(master?.ingress[0]?.from[0]?.podSelector?.matchLabels ?? {}).map(({ metadata }) => metadata.name)).toEqual(["muster-worker"]);
    expect(podsOf(worker?.egress[0]?.to?.[0]?.podSelector?.matchLabels ?? {}).map(({ metadata }) => metadata.name)).toEqual(["muster-master"]);
    expect(master?.ingress[0]?.ports).toEqual(worker?.egress[0]?.ports);
    expect(master?.egress).toEqual([]);
  });

  test("containers use commands, variables, files and the user that the product and its image have", () => {
    const image = fileOf("deploy/container/Containerfile");
    for (const { spec } of sets) {
      const { securityContext, containers } = spec.template.spec;
      const [{ args, env, volumeMounts, startupProbe, livenessProbe, readinessProbe }] = containers;
      expect(COMMAND_NAMES).toContain(args[0]);
      expect(unknownVariables(env.map(({ name }) => name))).toEqual([]);
      expect(image).toContain(`USER ${securityContext.runAsUser}:${securityContext.runAsGroup}`);
      expect(image).toContain(`VOLUME ${volumeMounts.find(({ name }) => name === "root")?.mountPath}`);
      const paths = [startupProbe, livenessProbe, readinessProbe].map(({ exec }) => exec.command);
      expect(paths.map((command) => command[2])).toEqual(["/healthz", "/healthz", "/readyz"]);
      for (const [program, script] of paths) {
        expect(program).toBe("node");
        expect(script).toBe("/usr/lib/muster/health.mjs");
      }
      const files = env.map(({ value = "" }) => value).filter((value) => value.startsWith("/"));
      for (const file of files) expect(volumeMounts.filter(({ mountPath }) => file.startsWith(`${mountPath}/`))).toHaveLength(1);
    }
  });
});

describe("the chart", () => {
  test("gives what deploy/kubernetes holds", async () => {
    await expect(`${HEADER}${renderChart(FOLDER, "muster")}`).toMatchFileSnapshot("../../../deploy/kubernetes/muster.yaml");
  });

  test("leaves the policies out when they are switched off", () => {
    expect(render({ networkPolicy: { enabled: false } }).filter(({ kind }) => kind === "NetworkPolicy")).toEqual([]);
  });

  test("has a schema that takes its values and refuses mistakes", () => {
    const schema = z.fromJSONSchema(JSON.parse(fileOf(`${CHART}/values.schema.json`)) as Parameters<typeof z.fromJSONSchema>[0]);
    const accepts = (values: object): boolean => schema.safeParse(mergeValues(VALUES, values)).success;
    expect([{}, EVERYTHING].map(accepts)).toEqual([true, true]);
    const mistakes = [{ worker: { replica: 2 } }, { cluster: { port: 80 } }, { key: { existingSecret: "" } }, { extraEnv: [{ name: "PATH", value: "/" }] }, { image: { pullPolicy: "Sometimes" } }, { surprise: 1 }];
    expect(mistakes.filter(accepts)).toEqual([]);
  });

  test("has the product's version", () => {
    const { version } = JSON.parse(fileOf("package.json")) as { version: string };
    expect(parse(fileOf(`${CHART}/Chart.yaml`))).toMatchObject({ version, appVersion: version });
  });
});
