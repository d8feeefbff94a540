import { expect, test } from "vitest";
import { newRequest } from "../../../../src/dapi/encoding/requestJson.js";
import { encodeResult } from "../../../../src/dapi/encoding/resultJson.js";
import { affectedItems } from "../../../../src/dapi/results/ApiResult.js";
import { DapiAnswer } from "../../../../src/node/dapi/DapiAnswer.js";
import { Forwarding } from "../../../../src/node/dapi/Forwarding.js";
import { PendingAnswers } from "../../../../src/node/dapi/PendingAnswers.js";
import type { Connection } from "../../../../src/node/Connection.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { ManualClock } from "../../../support/manualClock.js";

const MESSAGES = { allMessage: "all", someMessage: "some", noneMessage: "none" };
const itemsOf = (...names: readonly string[]) => affectedItems({ affectedItems: names, sortCasting: ["str"], ...MESSAGES });
const ASK_ALL = newRequest({ module: "wazuh.manager", qualname: "restart", requestType: "distributed_master", arguments: { node_list: "*" }, broadcasting: true });

/** A master `m` with workers that answer as they are told, or refuse the request. */
function forwarding(workers: Readonly<Record<string, string | Error | null>>, perPeer = 5) {
  const clock = new ManualClock();
  const pending = new PendingAnswers(clock, perPeer);
  let ids = 0;
  const asked: string[] = [];
  const connectionTo = (name: string): Connection => {
    const request = (_command: string, payload: Buffer): Promise<Buffer> => {
      const [id = ""] = payload.toString().split(" ", 1);
      asked.push(name);
      const answer = workers[name];
      if (answer instanceof Error) return Promise.reject(answer);
      if (typeof answer === "string") queueMicrotask(() => pending.settle(id, `to-${name}`, { text: answer }));
      return Promise.resolve(Buffer.from("ok"));
    };
    return { id: `to-${name}`, channel: { request } } as unknown as Connection;
  };
  const forward = new Forwarding({
    nodeName: "m",
    random: { uuid: () => `id-${String((ids += 1))}`, uint32: () => 0, bytes: () => Buffer.alloc(0) },
    pending,
    peers: {
      find: (name) => (name !== null && name in workers ? connectionTo(name) : undefined),
      connectedNodes: () => ["m", ...Object.keys(workers)],
      agents: async function* () {
        yield await Promise.resolve([]);
      },
    },
  });
  const ask = async () => {
    await forward.solve("r", ASK_ALL);
    await forward.send("r", ASK_ALL, { execute: () => Promise.resolve(DapiAnswer.of(itemsOf("m"))), signal: new AbortController().signal });
    const answer = forward.collect("r", ASK_ALL);
    return { answer: answer.then(({ value }) => value), clock, pending, asked, forward };
  };
  return { ask };
}

test("each node is asked for its share, and the answers are merged in their order", async () => {
  const { answer, asked, pending } = await forwarding({ w2: encodeResult(itemsOf("w2")), w1: encodeResult(itemsOf("w1")) }).ask();
  expect(await answer).toMatchObject({ affectedItems: ["m", "w1", "w2"], totalAffectedItems: 3, failedItems: [] });
  expect([asked.sort(), pending.size]).toEqual([["w1", "w2"], 0]);
});

test("a node that refuses, and one that is silent, are failed items beside the others' answers", async () => {
  const { answer, clock, pending } = await forwarding({ w1: MusterError.cluster(3020, "dapi"), w2: null, w3: encodeResult(itemsOf("w3")) }).ask();
  expect(pending.size).toBe(1);
  clock.advance(60_000);
  const value = await answer;
  expect(value).toMatchObject({ affectedItems: ["m", "w3"] });
  if (value instanceof MusterError || value.kind !== "affectedItems") throw new Error("no items");
  expect(value.failedItems.map(({ error, ids }) => [error.code, ...ids])).toEqual([[3020, "w1"], [3021, "w2"]]);
  expect(pending.size).toBe(0);
});

test("an answer that can't be read is that node's error", async () => {
  const { answer } = await forwarding({ w1: '{"__wazuh_result__": 1}' }).ask();
  expect(await answer).toMatchObject({ code: 1000 });
});

test("without a master a worker's request fails at once", async () => {
  const { forward } = await forwarding({}).ask();
  const request = newRequest({ module: "wazuh.agent", qualname: "get_agents" });
  await forward.send("q", request, { execute: () => Promise.reject(new Error("not here")), signal: new AbortController().signal });
  expect((await forward.collect("q", request)).value).toMatchObject({ code: 3023 });
  expect(forward.hasMaster).toBe(false);
});
