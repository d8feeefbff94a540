import { createInspector, createWebSocketReceiver, type StatelyInspectionEvent } from "@statelyai/inspect";
import fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerInspector } from "../../../src/inspector/registerInspector.js";
import { SimulatedCluster } from "../../support/simulatedCluster.js";
import { waitUntil } from "../../support/waitUntil.js";

/** What both sides say of a message, in one line: which actor, which event, which state. */
function summary(message: StatelyInspectionEvent): string {
  const { type, sessionId, rootId, _version } = message;
  const common = `${_version} ${type} ${rootId ?? ""} ${sessionId}`;
  switch (type) {
    case "@xstate.actor":
      return `${common} ${message.name} below ${message.parentId ?? "nobody"}`;
    case "@xstate.event":
      return `${common} ${message.event.type} of ${message.sourceId ?? "nobody"}`;
    case "@xstate.snapshot":
      return `${common} ${message.event.type} ${JSON.stringify((message.snapshot as { value?: unknown }).value)} ${message.snapshot.status}`;
  }
}

/** Names of the fields that every message of a type has, and what kind each is. */
function shape(messages: readonly StatelyInspectionEvent[], type: StatelyInspectionEvent["type"]): Record<string, string> {
  const [first] = messages.filter((message) => message.type === type && message.rootId !== message.sessionId);
  return Object.fromEntries(
    Object.entries(first ?? {})
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value === null ? "null" : typeof value]),
  );
}

describe("the socket for Stately's viewer", () => {
  const cluster = new SimulatedCluster(2, { work: 2 });
  const app: FastifyInstance = fastify();
  /** As the package's own receiver hands them on, and as its own inspector tells them. */
  const received: StatelyInspectionEvent[] = [];
  const told: StatelyInspectionEvent[] = [];
  let introduced = 0;

  beforeAll(async () => {
    await cluster.start();
    await registerInspector(app, { node: cluster.node, authorize: () => Promise.resolve(undefined), stately: true });
    const address = await app.listen({ host: "127.0.0.1", port: 0 });
    const receiver = createWebSocketReceiver({ server: `${address.replace("http:", "ws:")}/inspector/stately` });
    receiver.subscribe((message) => received.push(message));
    await waitUntil(() => received.some(({ type, sessionId }) => type === "@xstate.actor" && sessionId !== received[0]?.sessionId), 20_000, "the actors that live");
    await waitUntil(() => received.length >= machines(), 20_000, "all actors that live");
    introduced = received.length;
    const reference = createInspector({ send: (message) => told.push(message) });
    const watching = cluster.actor.system.inspect(reference.inspect);
    cluster.round(0);
    await waitUntil(() => told.some((message) => message.type === "@xstate.snapshot" && message.event.type.startsWith("xstate.done.actor")), 20_000, "a step of a round");
    await waitUntil(() => isFree(), 20_000, "the end of the round");
    await waitUntil(() => received.length - introduced >= told.length, 20_000, "as many messages as the package's own");
    watching.unsubscribe();
  });
  afterAll(async () => {
    await app.close();
    cluster.stop();
  });

  const machines = (): number => {
    const count = (actor: { getSnapshot(): unknown }): number => {
      const { machine, children } = actor.getSnapshot() as { machine?: object; children?: Record<string, { getSnapshot(): unknown }> };
      return machine === undefined ? 0 : Object.values(children ?? {}).reduce((sum, child) => sum + count(child), 1);
    };
    return count(cluster.actor);
  };
  const isFree = (): boolean => {
    const peer = cluster.actor.getSnapshot().children["peer-1"]?.getSnapshot() as { children: Record<string, { getSnapshot(): { value: unknown } }> };
    return peer.children["integritySync"]?.getSnapshot().value === "free";
  };

  test("introduces every machine that lives, parents first, each with its definition", () => {
    const known = new Set<string>();
    for (const message of received.slice(0, introduced)) {
      if (message.type !== "@xstate.actor") throw new Error(`${message.type} before all actors`);
      expect([undefined, ...known]).toContain(message.parentId);
      known.add(message.sessionId);
      expect(JSON.parse(message.definition ?? "null")).toMatchObject({ id: expect.any(String) as string, states: expect.any(Object) as object });
      expect(message.snapshot).toMatchObject({ status: "active", value: expect.anything() as string });
    }
    expect(received[0]).toMatchObject({ type: "@xstate.actor", name: "master" });
    expect(received[0]).not.toHaveProperty("parentId");
  });

  test("then says what the package's own inspector says of the same events, in their order", () => {
    const ours = received.slice(introduced).map(summary);
    expect(told.length).toBeGreaterThan(20);
    expect(ours.slice(0, told.length)).toEqual(told.map(summary));
  });

  test.each(["@xstate.actor", "@xstate.event", "@xstate.snapshot"] as const)("with the fields of %s", (type) => {
    expect(shape(received, type)).toEqual(shape(told, type));
  });
});
