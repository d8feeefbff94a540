import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { basic, HttpNode } from "../../support/HttpNode.js";

let node: HttpNode;
let token: string;

beforeAll(async () => {
  node = await HttpNode.start();
  token = await node.token();
});

afterAll(() => node.stop());

/** What is looked at of an OpenAPI document. */
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly description: string }[];
  readonly responses: Record<string, unknown>;
}

const idsOf = (body: { data?: { affected_items?: readonly Record<string, unknown>[] } }): unknown[] =>
  (body.data?.affected_items ?? []).map(({ id }) => id);

describe("rules, decoders and lists of a node's real files", () => {
  test.each<[string, unknown[]]>([
    ["/rules", [1, 2, 3]],
    ["/rules?level=5-12", [2, 3]],
    ["/rules?rule_ids=3,1", [1, 3]],
    ["/rules?sort=-level", [3, 2, 1]],
    ["/rules?sort=%2Blevel", [1, 2, 3]],
    ["/rules?sort=+level", [1, 2, 3]],
    ["/rules?offset=1&limit=1", [2]],
    ["/rules?search=Second", [2]],
    ["/rules?search=-Second", [1, 3]],
    ["/rules?q=level>5;level<10", [2]],
    ["/rules?pci_dss=10.6.1", [1]],
    ["/rules?gdpr=IV_35.7.d", [1]],
  ])("%s", async (path, expected) => {
    const { status, body } = await node.call(path, token);
    expect([status, body.error, idsOf(body)]).toEqual([200, 0, expected]);
  });

  test("a page knows how many there are, and gives the selected fields", async () => {
    const { body } = await node.call("/rules?select=level&limit=1", token);
    expect(body.data).toMatchObject({ affected_items: [{ id: 1, level: 3 }], total_affected_items: 3, total_failed_items: 0 });
    expect(body.data?.affected_items?.[0]).not.toHaveProperty("description");
    expect(body.message).toBe("All selected rules were returned");
  });

  test("a rule that is not there is a failed item", async () => {
    const { status, body } = await node.call("/rules?rule_ids=2,99", token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ error: 2, data: { failed_items: [{ error: { code: 1208 }, id: ["99"] }] } });
  });

  test("files, groups, requirements, decoders, lists", async () => {
    const items = async (path: string): Promise<unknown> => (await node.call(path, token)).body.data?.affected_items;
    expect(await items("/rules/files")).toEqual([
      { filename: "local_rules.xml", relative_dirname: "etc/rules", status: "enabled" },
    ]);
    expect(await items("/rules/groups?search=syslog")).toEqual(["syslog"]);
    expect(await items("/rules/requirement/pci_dss")).toEqual(["10.6.1"]);
    expect(await items("/decoders?decoder_names=two&select=name")).toMatchObject([{ name: "two" }]);
    expect(await items("/decoders/parents?select=name")).toMatchObject([{ name: "one" }]);
    expect(await items("/decoders/files?filename=local_decoder.xml")).toHaveLength(1);
    expect(await items("/lists?filename=audit-keys")).toMatchObject([{ items: [{ key: "write" }, { key: "read" }] }]);
    expect(await items("/lists/files?relative_dirname=etc/lists")).toEqual([
      { filename: "audit-keys", relative_dirname: "etc/lists" },
    ]);
  });

  test("pretty gives indented JSON", async () => {
    const response = await node.fetch("/?pretty=true", { headers: { authorization: `Bearer ${token}` } });
    const text = await response.text();
    expect(text).toContain('\n  "data"');
    expect(JSON.parse(text)).toMatchObject({ data: { hostname: "master-node", cluster: "wazuh" }, error: 0 });
  });
});

describe("what is asked of the node", () => {
  test("carries the asker, its permissions and the endpoint's arguments", async () => {
    await node.call("/rules?level=3&wait_for_complete=true", token);
    expect(node.asked.at(-1)).toMatchObject({
      module: "wazuh.rule",
      qualname: "get_rules",
      requestType: "local_any",
      waitForComplete: true,
      fromCluster: false,
      broadcasting: false,
      currentUser: "admin",
      apiTimeout: 10,
      arguments: { level: "3", offset: 0, limit: 500, sort_by: ["id"], sort_ascending: true },
      rbacPermissions: { "rules:read": { "rule:file:*": "allow" }, rbac_mode: "white" },
    });
  });
});

describe("errors", () => {
  test.each<[string, number, number, string]>([
    ["/rules?level=x", 400, 1203, "Error in argument 'level'"],
    ["/rules?limit=0", 400, 1406, "0 is not a valid limit"],
    ["/rules?limit=100001", 400, 1405, "Specified limit exceeds maximum allowed: 100001"],
    ["/rules?limit=many", 400, 1401, "Invalid limit: many"],
    ["/rules?offset=-1", 400, 1400, "Invalid offset: -1"],
    ["/rules?sort=name,-level", 400, 1403, "Not a valid sort field"],
    ["/rules?q=level", 400, 1407, "Query does not match expected format"],
    ["/rules?nonsense=1", 400, 1104, 'Invalid type: unknown parameter "nonsense"'],
    ["/rules?level=1&level=2", 400, 1104, "Invalid type: level is given more than once"],
    ["/rules?pretty=maybe", 400, 1104, "Invalid type: pretty must be true or false"],
    ["/rules/requirement/none?search=x&__proto__=1", 400, 1104, 'Invalid type: unknown parameter "__proto__"'],
    ["/nowhere", 404, 404, "There is no such path"],
    [`/rules/requirement/${"x".repeat(300)}`, 414, 414, "A part of the path is too long"],
    ["/rules/requirement/%zz", 400, 400, "The path is malformed"],
    [`/rules?search=${"x".repeat(12_300)}`, 414, 414, "The path and query are too long"],
  ])("%s", async (path, status, code, detail) => {
    const response = await node.fetch(path, { headers: { authorization: `Bearer ${token}` } });
    expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    const body = (await response.json()) as { detail: string };
    expect(response.status).toBe(status);
    expect(body).toMatchObject({ error: code, title: expect.any(String) });
    expect(body.detail).toContain(detail);
  });

  test("a function's error comes with what its node says", async () => {
    const { body } = await node.call("/rules?level=x", token);
    expect(Object.values(body.dapi_errors ?? {})).toEqual([{ error: "Error in argument 'level'" }]);
  });

  test("a wrong method is told which ones there are", async () => {
    const response = await node.fetch("/rules", { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("documents", () => {
  test("openapi.json describes each endpoint with its parameters", async () => {
    const { status, body } = await node.call("/openapi.json", token);
    expect(status).toBe(200);
    const { openapi, paths } = body as unknown as Document;
    expect(openapi).toBe("3.1.0");
    const names = paths["/rules/requirement/{requirement}"]?.get?.parameters?.map(({ name, in: place }) => `${place} ${name}`);
    expect(names?.sort()).toEqual(["path requirement", "query limit", "query offset", "query pretty", "query search", "query wait_for_complete"]);
    const level = paths["/rules"]?.get?.parameters?.find(({ name }) => name === "level");
    expect(level?.description).toBe("Level of the rules: 7, or a range, 2-5");
    expect(Object.keys(paths["/rules"]?.get?.responses ?? {})).toEqual(["200", "400", "401", "403", "404", "429", "500"]);
    expect(paths["/security/users"]?.post).toHaveProperty(["requestBody", "content", "application/json", "schema", "properties", "password"]);
  });

  test("the page is made of this program's files alone, and a browser can log in on it", async () => {
    const refused = await node.fetch("/docs/");
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="muster"']);
    const authorization = basic("admin", await node.adminPassword());
    const page = await node.fetch("/docs/", { headers: { authorization } });
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(html).toContain("swagger-ui");
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    const scripts = [...html.matchAll(/src="([^"]+)"/g)].map(([, src = ""]) => new URL(src, `${node.url}/docs/`).pathname);
    for (const script of scripts) {
      const answer = await node.fetch(script, { headers: { authorization: `Bearer ${token}` } });
      expect([script, answer.status]).toEqual([script, 200]);
      await answer.arrayBuffer();
    }
    expect(scripts.length).toBeGreaterThan(1);
  });
});

describe("health", () => {
  test("needs no token, and says why the node is not ready", async () => {
    expect(await (await node.fetch("/healthz")).json()).toEqual({ status: "ok" });
    expect((await node.fetch("/readyz")).status).toBe(200);
    node.readiness = { ready: false, reason: "not connected to the master" };
    const response = await node.fetch("/readyz");
    node.readiness = { ready: true, reason: "ready" };
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: "not ready", reason: "not connected to the master" },
    ]);
  });

  test("every answer keeps browsers at bay", async () => {
    const { headers } = await node.fetch("/healthz");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
  });
});
