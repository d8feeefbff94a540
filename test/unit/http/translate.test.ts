import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCatalogue } from "../../../src/dapi/catalogue/index.js";
import { ParsedFiles } from "../../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import type { Endpoint } from "../../../src/http/api/Endpoint.js";
import { ENDPOINTS } from "../../../src/http/api/endpoints.js";
import { parseSort } from "../../../src/http/api/pageParameters.js";
import { translate, type Given } from "../../../src/http/api/translate.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";

const NOW = Date.UTC(2026, 4, 7, 12);
const all = [...ENDPOINTS.values()].flat();

function endpoint(route: string): Endpoint {
  const found = all.find(({ method, path }) => `${method} ${path}` === route);
  if (found === undefined) throw new Error(`no endpoint ${route}`);
  return found;
}

function argumentsOf(route: string, query: Given = {}, path: Given = {}): unknown {
  return translate(endpoint(route), path, query, NOW).arguments;
}

const PAGE = { offset: 0, limit: 500 };

describe("the arguments of each function (dapi.md 3)", () => {
  test.each<[string, Given, Given, unknown]>([
    ["GET /cluster/local/info", {}, {}, {}],
    ["GET /cluster/nodes", {}, {}, PAGE],
    [
      "GET /cluster/nodes",
      { nodes_list: "a,b", type: "worker", select: "name,ip", q: "name=a", sort: "-name", search: "-x" },
      {},
      {
        ...PAGE,
        filter_node: ["a", "b"],
        filter_type: "worker",
        select: ["name", "ip"],
        q: "name=a",
        sort: { fields: ["name"], order: "desc" },
        search: { value: "x", negation: true },
      },
    ],
    ["GET /cluster/healthcheck", { nodes_list: "a" }, {}, { filter_node: ["a"] }],
    ["GET /cluster/{node_id}/status", {}, { node_id: "a" }, { node_id: "a" }],
    [
      "GET /cluster/{node_id}/configuration",
      { section: "global", field: "logall", raw: "true" },
      { node_id: "a" },
      { node_id: "a", section: "global", field: "logall", raw: true },
    ],
    ["GET /cluster/{node_id}/stats", {}, { node_id: "a" }, { node_id: "a", date: new Date(NOW) }],
    [
      "GET /cluster/{node_id}/stats",
      { date: "2026-02-28" },
      { node_id: "a" },
      { node_id: "a", date: new Date("2026-02-28T00:00:00Z") },
    ],
    [
      "GET /cluster/{node_id}/logs",
      { level: "error", search: "x" },
      { node_id: "a" },
      {
        ...PAGE,
        node_id: "a",
        level: "error",
        sort_by: ["timestamp"],
        sort_ascending: false,
        search_text: "x",
        complementary_search: false,
      },
    ],
    ["PUT /cluster/restart", {}, {}, { node_list: "*" }],
    ["PUT /cluster/restart", { nodes_list: "a,b" }, {}, { node_list: ["a", "b"] }],
    ["GET /manager/stats", {}, {}, { date: new Date(NOW) }],
    ["GET /manager/logs", { tag: "t" }, {}, { ...PAGE, tag: "t", sort_by: ["timestamp"], sort_ascending: false }],
    [
      "GET /agents",
      { agents_list: "001,002", status: "active,pending", "os.name": "Ubuntu", older_than: "7d", sort: "id" },
      {},
      {
        ...PAGE,
        agent_list: ["001", "002"],
        filters: { status: ["active", "pending"], "os.name": "Ubuntu", older_than: "7d" },
        sort: { fields: ["id"], order: "asc" },
      },
    ],
    ["GET /agents", { agents_list: "*" }, {}, PAGE],
    ["GET /agents/no_group", {}, {}, { ...PAGE, q: "id!=000;group=null" }],
    ["GET /agents/no_group", { q: "name=a" }, {}, { ...PAGE, q: "id!=000;group=null;name=a" }],
    ["GET /agents/stats/distinct", { fields: "os.name,version" }, {}, { ...PAGE, fields: ["os.name", "version"] }],
    ["PUT /agents/restart", {}, {}, { agent_list: "*" }],
    ["PUT /agents/{agent_id}/restart", {}, { agent_id: "001" }, { agent_list: ["001"] }],
    ["GET /agents/{agent_id}/group/is_sync", {}, { agent_id: "001" }, { agent_list: ["001"] }],
    ["GET /overview/agents", {}, {}, {}],
    ["GET /groups", { groups_list: "a", hash: "sha256" }, {}, { ...PAGE, group_list: ["a"], hash_algorithm: "sha256" }],
    [
      "GET /groups/{group_id}/agents",
      { status: "active" },
      { group_id: "a" },
      { ...PAGE, group_list: ["a"], filters: { status: ["active"] } },
    ],
    [
      "GET /groups/{group_id}/files",
      { sort: "-hash" },
      { group_id: "a" },
      { ...PAGE, group_list: ["a"], hash_algorithm: "md5", sort_by: ["hash"], sort_ascending: false },
    ],
    [
      "GET /rules",
      { "nist-800-53": "AU.6", filename: "a.xml,b.xml" },
      {},
      { ...PAGE, nist_800_53: "AU.6", filename: ["a.xml", "b.xml"], sort_by: ["id"], sort_ascending: true },
    ],
    ["GET /decoders", { decoder_names: "a" }, {}, { ...PAGE, names: ["a"], sort_by: ["filename", "position"], sort_ascending: true }],
    ["GET /decoders/parents", {}, {}, { ...PAGE, parents: true, sort_by: ["filename", "position"], sort_ascending: true }],
    ["GET /lists", { filename: "a" }, {}, { ...PAGE, filename: ["a"], sort_by: ["relative_dirname", "filename"], sort_ascending: true }],
  ])("%s %j %j", (route, query, path, expected) => {
    expect(argumentsOf(route, query, path)).toEqual(expected);
  });

  test("all nodes or agents means broadcasting, some don't", () => {
    const broadcasting = (route: string, query: Given): boolean => translate(endpoint(route), {}, query, NOW).broadcasting;
    expect(broadcasting("PUT /cluster/restart", {})).toBe(true);
    expect(broadcasting("PUT /cluster/restart", { nodes_list: "*" })).toBe(true);
    expect(broadcasting("PUT /cluster/restart", { nodes_list: "a" })).toBe(false);
    expect(broadcasting("PUT /agents/restart", {})).toBe(true);
    expect(broadcasting("GET /agents", {})).toBe(false);
  });

  test("/manager is always the node that answers", () => {
    const types = (ENDPOINTS.get("Manager") ?? []).map(({ requestType }) => requestType);
    expect(new Set(types)).toEqual(new Set(["local_any"]));
  });
});

describe("what the catalogue makes of it", () => {
  const catalogue = createCatalogue(new ParsedFiles(() => Promise.resolve()));
  const known = new Set(catalogue.entries.map(({ module }) => module));
  // A text that each parameter understands, if it is not any text.
  const SAMPLES: Readonly<Record<string, string>> = {
    offset: "1",
    limit: "2",
    rule_ids: "1,2",
    raw: "true",
    date: "2026-01-02",
    status: "active",
    type: "worker",
    requirement: "gdpr",
    older_than: "7d",
    hash: "md5",
    level: "3",
    "os.version": "22",
  };

  test.each(
    all
      .filter(({ call }) => known.has(call.split(":")[0] ?? ""))
      .map((one) => [`${one.method} ${one.path}`, one] as const),
  )("%s: every parameter is an argument of the function", (_route, one) => {
    const [module = "", qualname = ""] = one.call.split(":");
    const entry = catalogue.resolve(module, qualname);
    const given = (place: string): Given =>
      Object.fromEntries(
        (one.parameters ?? []).filter((parameter) => parameter.place === place).map(({ name }) => [name, SAMPLES[name] ?? "x"]),
      );
    const { arguments: args } = translate(one, given("path"), given("query"), NOW);
    // The node that shares a request out takes these away before it is run.
    const { node_id: _node, node_list: _nodes, ...kept } = args;
    expect(entry.schema.safeParse(kept).error?.issues).toBeUndefined();
    expect(one.method === "GET").toBe(entry.readOnly);
  });

  test("no two endpoints have the same path and method", () => {
    const routes = all.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(routes).size).toBe(routes.length);
  });

  test("every name in a path is a parameter, and the other way round", () => {
    for (const { path, parameters = [] } of all) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter(({ place }) => place === "path").map(({ name }) => name)).toEqual(inPath);
    }
  });
});

describe("any text", () => {
  const text = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom("", "*", "+", "-", ",", "-a,+b", "0", "1e3", "0x10", "__proto__"));

  test("gives arguments or an error of the catalogue, never another one", () => {
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.array(text, { minLength: 20, maxLength: 20 }), (one, texts) => {
        const given = (place: string): Given =>
          Object.fromEntries(
            (one.parameters ?? []).filter((parameter) => parameter.place === place).map(({ name }, index) => [name, texts[index % 20]]),
          );
        try {
          const { arguments: args } = translate(one, given("path"), given("query"), NOW);
          expect(Object.getPrototypeOf(args)).toBe(Object.prototype);
        } catch (error) {
          expect(error).toBeInstanceOf(MusterError);
          expect((error as MusterError).httpStatus).toBe(400);
        }
      }),
      { seed: 41, numRuns: 500 },
    );
  });

  test("a page's numbers are whole, in their range, and what was written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000 }), fc.integer({ min: 0, max: 200_000 }), (offset, limit) => {
        const ask = (): unknown => argumentsOf("GET /lists/files", { offset: String(offset), limit: String(limit) });
        if (limit >= 1 && limit <= 100_000) expect(ask()).toMatchObject({ offset, limit });
        else expect(ask).toThrow(limit === 0 ? "0 is not a valid limit" : "Specified limit exceeds maximum allowed");
      }),
      { seed: 42 },
    );
  });

  test("sorting by any fields comes back as it went in", () => {
    const field = fc.stringMatching(/^[a-z_][a-z_.]{0,10}$/);
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), fc.constantFrom("", "+", " ", "-"), fc.boolean(), (fields, sign, repeat) => {
        const [first = "", ...rest] = fields;
        const written = [sign + first, ...rest.map((name) => (repeat ? sign + name : name))].join(",");
        expect(parseSort(written)).toEqual({ fields, isAscending: sign !== "-" });
      }),
      { seed: 43 },
    );
  });
});
