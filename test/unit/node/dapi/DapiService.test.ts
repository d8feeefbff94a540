import { expect, onTestFinished, test } from "vitest";
import { createActor } from "xstate";
import type { DapiQueueRef } from "../../../../machines/dapiQueue.js";
import { z } from "zod";
import { Catalogue } from "../../../../src/dapi/catalogue/Catalogue.js";
import { defineFunction } from "../../../../src/dapi/CatalogueFunction.js";
import { newRequest } from "../../../../src/dapi/encoding/requestJson.js";
import { DaemonReadiness } from "../../../../src/dapi/readiness.js";
import { affectedItems } from "../../../../src/dapi/results/ApiResult.js";
import { DapiService } from "../../../../src/node/dapi/DapiService.js";
import { Forwarding } from "../../../../src/node/dapi/Forwarding.js";
import { PendingAnswers } from "../../../../src/node/dapi/PendingAnswers.js";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import { ManualClock } from "../../../support/manualClock.js";
import { memoryLogger } from "../../../support/memoryLogger.js";
import { nodeFixture } from "../../dapi/nodeFixture.js";

const CONCURRENCY = 10;
const REQUESTS = 2_000;

test("2,000 requests leave as many actors, timers and pending answers as there were", async () => {
  const clock = new ManualClock();
  const { context } = await nodeFixture({});
  const config = { ...context.config, items: defaultClusterItems(), cluster: { ...context.config.cluster, disabled: false } };
  const catalogue = new Catalogue([
    defineFunction({
      module: "wazuh.cluster",
      qualname: "get_node_wrapper",
      requestType: "local_any",
      permission: { action: "cluster:read", resource: "node:id" },
      readOnly: true,
      schema: z.strictObject({}),
      run: () => Promise.resolve(affectedItems({ affectedItems: [1], allMessage: "", someMessage: "", noneMessage: "" })),
    }),
  ]);
  const pending = new PendingAnswers(clock, 10);
  const peers = {
    find: () => undefined,
    connectedNodes: () => ["node01"],
    agents: async function* () {
      yield await Promise.resolve([]);
    },
  };
  const random = { uuid: () => "id", uint32: () => 0, bytes: () => Buffer.alloc(0) };
  const refs: { queue?: DapiQueueRef } = {};
  const service = new DapiService({
    config,
    clock,
    logger: memoryLogger(),
    execution: { catalogue, context: { ...context, config }, readiness: new DaemonReadiness(context.files, clock) },
    forwarding: new Forwarding({ nodeName: "node01", random, peers, pending }),
    queue: () => refs.queue,
  });
  const input = { clock, concurrency: CONCURRENCY, capacity: REQUESTS, stepDeadline: 1_000 };
  const queue = createActor(service.queueMachine(), { input, clock }).start();
  refs.queue = queue;
  onTestFinished(() => {
    queue.stop();
  });
  const { signal } = new AbortController();
  const types = ["local_any", "distributed_master"] as const;
  const ask = (at: number) =>
    service.ask(newRequest({ module: "wazuh.cluster", qualname: "get_node_wrapper", requestType: types[at % 2] ?? "local_any", basicServices: [], arguments: at % 2 === 0 ? {} : { node_id: "node01" } }), { signal });

  const answers = await Promise.all(Array.from({ length: REQUESTS }, (_, at) => ask(at)));
  expect(answers.filter((answer) => "kind" in answer && answer.kind === "affectedItems")).toHaveLength(REQUESTS);
  await expect.poll(() => queue.getSnapshot().context.running.length).toBe(0);

  const children = Object.values(queue.getSnapshot().children).map((child) => child?.getSnapshot() as { value: string; children: object });
  expect(children).toHaveLength(CONCURRENCY);
  // The work of a request is an actor, too: none of it is left.
  expect(children.map(({ value, children: work }) => [value, Object.keys(work)])).toEqual(children.map(() => ["done", []]));
  expect([clock.pending, pending.size, queue.getSnapshot().context.waiting.length]).toEqual([0, 0, 0]);
}, 60_000);
