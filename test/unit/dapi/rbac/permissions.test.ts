import { describe, expect, test } from "vitest";
import { EVERY_AGENT } from "../../../../src/agents/selection/AgentCondition.js";
import { allowedAgents, isAllowed, requireAllowed } from "../../../../src/dapi/rbac/permissions.js";

describe("a resource", () => {
  const ask = (permissions: Readonly<Record<string, unknown>>, name = "worker1"): boolean =>
    isAllowed(permissions, "cluster:read", "node:id", name);

  test.each([
    [{}, true],
    [{ rbac_mode: "black" }, true],
    [{ rbac_mode: "white" }, false],
    [{ rbac_mode: "white", "cluster:read": { "node:id:worker1": "allow" } }, true],
    [{ rbac_mode: "white", "cluster:read": { "node:id:worker2": "allow" } }, false],
    [{ rbac_mode: "white", "cluster:read": { "node:id:*": "allow" } }, true],
    [{ rbac_mode: "white", "cluster:read": { "*:*:*": "allow" } }, true],
    [{ rbac_mode: "white", "cluster:restart": { "*:*:*": "allow" } }, false],
    [{ rbac_mode: "white", "cluster:read": { "*:*:*": "allow", "node:id:worker1": "deny" } }, false],
    [{ rbac_mode: "white", "cluster:read": { "node:id:*": "deny", "*:*:*": "allow" } }, false],
    [{ rbac_mode: "black", "cluster:read": { "node:id:*": "deny", "node:id:worker1": "allow" } }, true],
    [{ rbac_mode: "black", "cluster:read": { "node:id:worker1": "deny" } }, false],
    [{ rbac_mode: "black", "cluster:read": { "node:id:worker1": "whatever" } }, false],
    [{ rbac_mode: "white", "cluster:read": { "node:id:worker1&group:id:a": "allow" } }, false],
    [{ rbac_mode: "black", "cluster:read": { "node:id:worker1&group:id:a": "deny" } }, false],
    [{ rbac_mode: "white", "cluster:read": "allow" }, false],
    [{ rbac_mode: "white", "cluster:read": null }, false],
    [{ rbac_mode: "white", "cluster:read": { "agent:id:worker1": "allow", "node:idle:worker1": "allow" } }, false],
  ])("under %j is allowed: %s", (permissions, expected) => {
    expect(ask(permissions)).toBe(expected);
  });

  test("whose name is a property of objects is judged like others", () => {
    expect(ask({ rbac_mode: "white", "cluster:read": {} }, "constructor")).toBe(false);
    expect(isAllowed({ rbac_mode: "white" }, "constructor", "node:id", "name")).toBe(false);
  });

  test("that is denied is error 4000", () => {
    const ask = (): void => requireAllowed({ rbac_mode: "white" }, "cluster:status", "*:*", "*");
    expect(ask).toThrow("Permission denied: Resource type: *:*");
  });
});

test("who may see all agents is asked nothing more of them", () => {
  expect(allowedAgents({}, "agent:read")).toBe(EVERY_AGENT);
  expect(allowedAgents({ rbac_mode: "white", "agent:read": { "agent:group:*": "allow" } }, "agent:read")).toBe(
    EVERY_AGENT,
  );
  expect(allowedAgents({ "agent:restart": { "agent:id:*": "deny" } }, "agent:read")).toBe(EVERY_AGENT);
});
