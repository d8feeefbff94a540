import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseContainerfile } from "../../support/parseContainerfile.js";
import { fileOf } from "../docs/tables.js";
import { COMMAND_NAMES, unknownVariables } from "./known.js";

const REPOSITORY = new URL("../../../", import.meta.url);
const there = (path: string): boolean => existsSync(new URL(path, REPOSITORY));

describe("the Containerfile", () => {
  const stages = parseContainerfile(fileOf("deploy/container/Containerfile"));
  const last = stages.at(-1);
  const named = (name: string) => last?.instructions.filter((instruction) => instruction.name === name) ?? [];
  const listOf = (name: string): string[] => JSON.parse(named(name)[0]?.text.replace(/^.*?CMD (?=\[)/, "") ?? "[]") as string[];

  test("stands on one pinned release of Node that package.json allows", () => {
    const images = new Set(stages.map(({ image }) => image));
    expect([...images]).toEqual([expect.stringMatching(/^docker\.io\/library\/node:20\.\d+\.\d+-bookworm-slim$/)]);
    const [minor = 0] = [...images].map((image) => Number(image.split(".")[2]));
    const { engines } = JSON.parse(fileOf("package.json")) as { engines: { node: string } };
    expect(minor).toBeGreaterThanOrEqual(Number(engines.node.split(".")[1]));
  });

  test("copies from the repository what is there and what .dockerignore lets through, and nothing by an address", () => {
    const copies = stages.flatMap(({ instructions }) => instructions.filter(({ name, options }) => name === "COPY" && options.from === undefined));
    const sources = copies.flatMap(({ words }) => words.slice(0, -1));
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((source) => !there(source) || source === ".")).toEqual([]);
    const ignore = fileOf(".dockerignore").trim().split("\n");
    expect(ignore[0]).toBe("*");
    expect(sources.filter((source) => !ignore.includes(`!${source}`))).toEqual([]);
    expect(ignore.slice(1).filter((line) => !sources.includes(line.slice(1)))).toEqual([]);
  });

  test("copies between stages only from stages before", () => {
    stages.forEach(({ instructions }, index) => {
      const before = stages.slice(0, index).map(({ name }) => name);
      const from = instructions.flatMap(({ options }) => (options.from === undefined ? [] : [options.from]));
      expect(before).toEqual(expect.arrayContaining(from));
    });
  });

  test("builds as the repository does, and installs no development tools in the image and runs no package's script", () => {
    const runs = stages.map(({ instructions }) => instructions.filter(({ name }) => name === "RUN").map(({ text }) => text).join("\n"));
    expect(runs[0]).toContain("node scripts/prepare.mjs");
    expect(runs[1]).toMatch(/npm ci --omit=dev --ignore-scripts/);
    expect(runs[2]).not.toMatch(/npm|curl|wget|apt/);
    expect(stages[0]?.instructions.find(({ name }) => name === "ENV")?.text).toBe("npm_config_ignore_scripts=true");
  });

  test("ends as a user that is not root, and starts a command that there is", () => {
    expect(named("USER").map(({ text }) => text)).toEqual(["1000:1000"]);
    expect(listOf("ENTRYPOINT")).toEqual(["/usr/local/bin/muster"]);
    expect(COMMAND_NAMES).toContain(listOf("CMD")[0]);
    const link = named("RUN")[0]?.text ?? "";
    const { bin } = JSON.parse(fileOf("package.json")) as { bin: { muster: string } };
    expect(link).toContain(`ln -s /usr/lib/muster/${bin.muster} /usr/local/bin/muster`);
    expect(link).toContain("-o 1000 -g 1000 -m 0770 /var/ossec");
  });

  test("asks its own /healthz with a script that it has, and knows its variables", () => {
    expect(listOf("HEALTHCHECK")).toEqual(["node", "/usr/lib/muster/health.mjs", "/healthz"]);
    expect(named("COPY").map(({ words }) => words.join(" "))).toContain("deploy/container/health.mjs ./health.mjs");
    const variables = stages.flatMap(({ instructions }) => instructions.filter(({ name }) => name === "ENV").flatMap(({ words }) => words.map((word) => word.split("=")[0] ?? "")));
    expect(unknownVariables(variables)).toEqual([]);
    expect(variables.filter((name) => /KEY|PASSWORD|TOKEN/.test(name))).toEqual([]);
  });
});

const SERVICE = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }),
  restart: z.literal("unless-stopped"),
  stop_grace_period: z.string().regex(/^\d+s$/),
  read_only: z.literal(true),
  tmpfs: z.tuple([z.literal("/tmp")]),
  cap_drop: z.tuple([z.literal("ALL")]),
  security_opt: z.tuple([z.literal("no-new-privileges:true")]),
  networks: z.array(z.string()),
  secrets: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  expose: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal("service_healthy") })).optional(),
  volumes: z.array(z.string()),
});
const COMPOSE = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), SERVICE),
  networks: z.record(z.string(), z.strictObject({})),
  volumes: z.record(z.string(), z.strictObject({})),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

describe("the compose file", () => {
  const compose = COMPOSE.parse(parse(fileOf("deploy/container/compose.yaml"), { merge: true }));
  const services = Object.entries(compose.services);

  test("makes a master and two workers, each with a name and a volume of its own", () => {
    expect(services.map(([name, { environment }]) => [name, environment.MUSTER_CLUSTER_NODE_TYPE, environment.MUSTER_CLUSTER_NODE_NAME])).toEqual([
      ["master", "master", "master"],
      ["worker1", "worker", "worker1"],
      ["worker2", "worker", "worker2"],
    ]);
    const volumes = services.flatMap(([, { volumes: own }]) => own.map((volume) => volume.split(":")));
    expect(volumes.map(([name]) => name).sort()).toEqual(Object.keys(compose.volumes).sort());
    expect(new Set(volumes.map(([, path]) => path))).toEqual(new Set(["/var/ossec"]));
  });

  test("refers to networks, secrets, services and files that are there", () => {
    for (const [, service] of services) {
      expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining(service.networks));
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(service.secrets));
      expect(Object.keys(compose.services)).toEqual(expect.arrayContaining([...Object.keys(service.depends_on ?? {}), service.environment.MUSTER_CLUSTER_NODES]));
      expect(there(`deploy/container/${service.build.context}/${service.build.dockerfile}`)).toBe(true);
      expect(service.secrets.map((name) => `/run/secrets/${name}`)).toEqual([service.environment.MUSTER_KEYS_FILES]);
    }
  });

  test("sets variables that muster reads, and no key", () => {
    const names = services.flatMap(([, { environment }]) => Object.keys(environment));
    expect(unknownVariables(names)).toEqual([]);
    expect(names).not.toContain("MUSTER_CLUSTER_KEY");
    expect(fileOf(".gitignore").split("\n")).toContain("/deploy/container/cluster-key");
  });
});

describe("health.mjs", () => {
  const answers: Readonly<Record<string, number>> = { "/healthz": 200, "/readyz": 503 };
  const server = createServer((request, response) => {
    response.writeHead(answers[request.url ?? ""] ?? 404).end("not in step");
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());

  const ask = async (path: string, variables: Readonly<Record<string, string>>): Promise<{ status: number; err: string }> =>
    await promisify(execFile)(process.execPath, [fileURLToPath(new URL("deploy/container/health.mjs", REPOSITORY)), path], { env: { ...process.env, ...variables } }).then(
      ({ stderr }) => ({ status: 0, err: stderr }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ status: code, err: stderr }),
    );

  test("is content with 200, and tells of anything else", async () => {
    const listen = { MUSTER_HTTP_LISTEN: `0.0.0.0:${port}` };
    expect(await ask("/healthz", listen)).toEqual({ status: 0, err: "" });
    expect(await ask("/readyz", listen)).toEqual({ status: 1, err: "/readyz: status 503: not in step\n" });
    expect(await ask("/healthz", { MUSTER_HTTP_LISTEN: "off" })).toMatchObject({ status: 1, err: expect.stringContaining("is off") });
  });

  test("speaks TLS where the node has a certificate", async () => {
    const variables = { MUSTER_HTTP_LISTEN: `127.0.0.1:${port}`, MUSTER_HTTP_TLS_CERTIFICATE: "/run/secrets/muster-http/tls.crt" };
    expect(await ask("/healthz", variables)).toMatchObject({ status: 1, err: expect.stringMatching(/ssl|tls|EPROTO/i) });
  });
});
