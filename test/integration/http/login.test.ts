import { createPrivateKey, createSign, createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { affectedItems } from "../../../src/dapi/results/ApiResult.js";
import { defineFunction } from "../../../src/dapi/CatalogueFunction.js";
import { z } from "zod";
import { basic, HttpNode } from "../../support/HttpNode.js";

const restart = defineFunction({
  module: "wazuh.manager",
  qualname: "restart",
  requestType: "distributed_master",
  permission: { action: "cluster:restart", resource: "node:id" },
  readOnly: false,
  schema: z.strictObject({ node_list: z.union([z.literal("*"), z.array(z.string())]).optional() }),
  run: async () =>
    affectedItems({ affectedItems: ["master-node"], allMessage: "Restart request sent", someMessage: "", noneMessage: "" }),
});

let node: HttpNode;

beforeAll(async () => {
  node = await HttpNode.start({ functions: [restart] });
});

afterAll(() => node.stop());

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;

describe("logging in", () => {
  test("the first user's password is in a file of its own, which only the node's user reads", async () => {
    expect((await stat(join(node.root, "etc/http-admin-password"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(node.root, "etc/http-users.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(node.root, "api/configuration/security/private_key.pem"))).mode & 0o777).toBe(0o600);
    const password = await node.adminPassword();
    expect(password).toMatch(/^[\w-]{24}$/);
    expect(await readFile(join(node.root, "etc/http-users.json"), "utf8")).not.toContain(password);
  });

  test.each(["POST", "GET"])("%s gives a token", async (method) => {
    const headers = { authorization: basic("admin", await node.adminPassword()) };
    const response = await node.fetch("/security/user/authenticate", { method, headers });
    const body = (await response.json()) as { data: { token: string }; error: number };
    expect([response.status, body.error]).toEqual([200, 0]);
    const now = node.clock.wallTime() / 1000;
    expect(claimsOf(body.data.token)).toMatchObject({
      iss: "wazuh",
      aud: "Wazuh API REST",
      sub: "admin",
      nbf: now,
      exp: now + 900,
      run_as: false,
      rbac_roles: ["admin"],
      rbac_mode: "white",
    });
    expect((await node.call("/", body.data.token)).status).toBe(200);
  });

  test("raw gives the token as text", async () => {
    const headers = { authorization: basic("admin", await node.adminPassword()) };
    const response = await node.fetch("/security/user/authenticate?raw=true", { method: "POST", headers });
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect(await response.text()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test.each<[string, string | undefined]>([
    ["a wrong password", basic("admin", "wrong-password")],
    ["an unknown user", basic("nobody", "wrong-password")],
    ["a name of objects", basic("__proto__", "wrong-password")],
    ["no colon", `Basic ${Buffer.from("admin").toString("base64")}`],
    ["no base64", "Basic !!!"],
    ["another scheme", "Digest abc"],
    ["nothing", undefined],
  ])("%s is refused", async (_name, authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await node.fetch("/security/user/authenticate", { method: "POST", headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Basic realm="muster"');
    expect(await response.json()).toEqual({
      title: "Unauthorized",
      detail: "Invalid credentials",
      remediation: "Send the user's name and password with basic authentication.",
      error: 401,
    });
  });
});

describe("tokens", () => {
  const refused = async (token: string): Promise<void> => {
    const { status, body } = await node.call("/rules", token);
    expect({ status, detail: body.detail, title: body.title, error: body.error }).toEqual({
      status: 401,
      detail: "Invalid token",
      title: "Unauthorized",
      error: 401,
    });
  };

  test("none, and one in another place, are refused", async () => {
    const response = await node.fetch("/rules");
    expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
      401,
      "No authorization token provided",
    ]);
    expect((await node.fetch(`/rules?token=${await node.token()}`)).status).toBe(401);
  });

  test("forged ones are refused: none, HS256 with the public key, another key, changed claims", async () => {
    const token = await node.token();
    const [header = "", payload = "", signature = ""] = token.split(".");
    const claims = claimsOf(token);
    const pem = await readFile(join(node.root, "api/configuration/security/private_key.pem"), "utf8");
    const publicPem = createPublicKey(createPrivateKey(pem)).export({ format: "pem", type: "spki" }).toString();

    await refused(`${part({ alg: "none", typ: "JWT" })}.${payload}.${signature}`);
    const unsigned = `${part({ alg: "HS256", typ: "JWT" })}.${payload}`;
    await refused(`${unsigned}.${createHmac("sha256", publicPem).update(unsigned).digest("base64url")}`);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-521" });
    const other = createSign("sha512").update(`${header}.${payload}`).sign({ key: privateKey, dsaEncoding: "ieee-p1363" });
    await refused(`${header}.${payload}.${other.toString("base64url")}`);
    await refused(`${header}.${part({ ...claims, sub: "root" })}.${signature}`);
    await refused("a.b.c");
    expect((await node.call("/rules", token)).status).toBe(200);

    // Signed by the right key, for somebody else.
    const resign = (changed: object): string => {
      const text = `${header}.${part({ ...claims, ...changed })}`;
      const own = createSign("sha512").update(text).sign({ key: pem, dsaEncoding: "ieee-p1363" });
      return `${text}.${own.toString("base64url")}`;
    };
    expect((await node.call("/rules", resign({}))).status).toBe(200);
    await refused(resign({ aud: "another API" }));
    await refused(resign({ iss: "another issuer" }));
    await refused(resign({ stamp: "another life of this user" }));
    await refused(resign({ sub: "nobody" }));
    await refused(resign({ nbf: node.clock.wallTime() / 1000 + 60 }));
    await refused(resign({ exp: "never" }));
  });

  test("an expired one is refused, to the second", async () => {
    const token = await node.token();
    node.clock.advance(899_000);
    expect((await node.call("/rules", token)).status).toBe(200);
    node.clock.advance(1_000);
    await refused(token);
  });

  test("another node's token is refused", async () => {
    const other = await HttpNode.start();
    try {
      await refused(await other.token());
    } finally {
      await other.stop();
    }
  });
});

describe("users", () => {
  test("are added, changed and removed by an administrator; each change ends the user's tokens", async () => {
    const admin = await node.token();
    const added = await node.call("/security/users", admin, { method: "POST", body: { username: "eve", password: "first-password" } });
    expect(added).toMatchObject({ status: 200, body: { data: { affected_items: ["eve"] }, error: 0 } });
    expect((await node.call("/security/users", admin)).body.data?.affected_items).toEqual([
      { username: "admin", roles: ["admin"] },
      { username: "eve", roles: ["readonly"] },
    ]);
    const first = await node.token("eve", "first-password");
    expect((await node.call("/rules", first)).status).toBe(200);

    await node.call("/security/users/eve", admin, { method: "PUT", body: { password: "second-password" } });
    expect((await node.call("/rules", first)).status).toBe(401);
    expect((await node.logIn("eve", "first-password")).status).toBe(401);
    const second = await node.token("eve", "second-password");
    expect((await node.call("/rules", second)).status).toBe(200);

    await node.call("/security/user/authenticate", second, { method: "DELETE" });
    expect((await node.call("/rules", second)).status).toBe(401);
    const third = await node.token("eve", "second-password");
    expect((await node.call("/security/users/eve", admin, { method: "DELETE" })).status).toBe(200);
    expect((await node.call("/rules", third)).status).toBe(401);
    expect((await node.logIn("eve", "second-password")).status).toBe(401);
  });

  test("who may only read changes nothing", async () => {
    const admin = await node.token();
    await node.call("/security/users", admin, { method: "POST", body: { username: "reader", password: "reads-only-here" } });
    const reader = await node.token("reader", "reads-only-here");
    expect((await node.call("/rules", reader)).status).toBe(200);
    const before = node.asked.length;
    const refused = await node.call("/cluster/restart", reader, { method: "PUT" });
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ title: "Permission Denied", error: 4000 });
    expect(refused.body.detail).toBe("Permission denied: Resource type: node:id");
    expect(node.asked).toHaveLength(before);
    expect((await node.call("/security/users", reader)).status).toBe(403);
    expect((await node.call("/security/users/reader", reader, { method: "PUT", body: { roles: ["admin"] } })).status).toBe(403);

    expect((await node.call("/cluster/restart", admin, { method: "PUT" })).body.data?.affected_items).toEqual(["master-node"]);
    expect(node.asked.at(-1)).toMatchObject({
      arguments: { node_list: "*" },
      broadcasting: true,
      rbacPermissions: { "cluster:restart": { "node:id:*": "allow" } },
    });
    await node.call("/rules", reader);
    expect(node.asked.at(-1)?.rbacPermissions).not.toHaveProperty("cluster:restart");
  });

  test.each<[string, string, string, unknown, number]>([
    ["a short password", "POST", "/security/users", { username: "x", password: "short" }, 400],
    ["a name that is a path", "POST", "/security/users", { username: "../x", password: "long-enough" }, 400],
    ["an unknown role", "POST", "/security/users", { username: "x", password: "long-enough", roles: ["root"] }, 400],
    ["a further member", "POST", "/security/users", { username: "x", password: "long-enough", stamp: "x" }, 400],
    ["a name that is taken", "POST", "/security/users", { username: "admin", password: "long-enough" }, 409],
    ["nobody", "DELETE", "/security/users/nobody", undefined, 404],
    ["the last administrator", "DELETE", "/security/users/admin", undefined, 409],
    ["the last administrator's role", "PUT", "/security/users/admin", { roles: ["readonly"] }, 409],
    ["no change", "PUT", "/security/users/admin", {}, 400],
  ])("%s is refused", async (_name, method, path, body, status) => {
    const admin = await node.token();
    const answer = await node.call(path, admin, { method, ...(body === undefined ? {} : { body }) });
    expect([answer.status, answer.body.error]).toEqual([status, status]);
    expect((await node.call("/rules", admin)).status).toBe(200);
  });

  test("all tokens end together", async () => {
    const admin = await node.token();
    expect((await node.call("/security/user/revoke", admin, { method: "PUT" })).status).toBe(200);
    expect((await node.call("/rules", admin)).status).toBe(401);
  });
});

describe("guessing passwords", () => {
  test("an address waits longer and longer, whatever user it tries, and then may again", async () => {
    const guessed = await HttpNode.start({ settings: { addressFailures: 3, firstLoginDelay: 1000 } });
    try {
      const statuses: number[] = [];
      for (const name of ["admin", "b", "c", "d"]) statuses.push((await guessed.logIn(name, "wrong-password")).status);
      expect(statuses).toEqual([401, 401, 401, 429]);
      const right = await guessed.adminPassword();
      const refused = await guessed.logIn("admin", right);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
      expect(await refused.json()).toMatchObject({ title: "Too Many Requests", detail: "Limit of login attempts reached" });
      guessed.clock.advance(1000);
      expect((await guessed.logIn("admin", right)).status).toBe(200);
    } finally {
      await guessed.stop();
    }
  });

  test("many at once gain nothing", async () => {
    const guessed = await HttpNode.start({ settings: { addressFailures: 3, waitingLogins: 100 } });
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => guessed.logIn("admin", "wrong-password")));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 401)).toHaveLength(3);
      expect(statuses.filter((status) => status === 429)).toHaveLength(17);
    } finally {
      await guessed.stop();
    }
  });
});

describe("secrets", () => {
  test("neither passwords nor tokens are in the log", async () => {
    const token = await node.token();
    await node.call("/rules?search=hidden-query", token);
    const text = JSON.stringify(node.logger.lines);
    expect(text).toContain("GET /rules from 127.0.0.1: 200");
    for (const secret of [token, await node.adminPassword(), "hidden-query", "Bearer", "second-password"]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe("starting again", () => {
  test("keeps users, key and password; a damaged file is told", async () => {
    const first = await HttpNode.start();
    const token = await first.token();
    const password = await first.adminPassword();
    await first.http.close();
    const second = await HttpNode.start({ root: first.root });
    try {
      expect(await second.adminPassword()).toBe(password);
      expect((await second.call("/rules", token)).status).toBe(200);
    } finally {
      await second.http.close();
    }

    await writeFile(join(first.root, "etc/http-users.json"), '{"version":1,"users":[{"name":"x"}]}');
    await expect(HttpNode.start({ root: first.root })).rejects.toThrow(/users of the HTTP API can't be read from .*http-users\.json/);
    await rm(join(first.root, "etc/http-users.json"));
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const keyPath = join(first.root, "api/configuration/security/private_key.pem");
    await writeFile(keyPath, privateKey.export({ format: "pem", type: "pkcs8" }));
    await expect(HttpNode.start({ root: first.root })).rejects.toThrow(/it holds no key of curve P-521/);
    await first.stop();
  });
});
