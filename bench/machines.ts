import { EventEmitter } from "node:events";
import { createActor, fromPromise, waitFor } from "xstate";
import { integritySync } from "../machines/integritySync.js";
import { master } from "../machines/master.js";
import { configOf } from "../src/library/configOf.js";
import { machineIntervals } from "../src/node/milliseconds.js";
import { systemClock } from "../src/node/ports/systemClock.js";
import { zip43 } from "../src/protocol/dialects/zip43.js";
import type { BenchRow } from "./BenchRow.js";
import { BENCH_CLUSTER, BENCH_KEY } from "./support/BenchNode.js";
import { percentile } from "./support/statistics.js";
import { withFolder } from "./support/trees.js";

const MESSAGES = 100_000;
const ROUNDS = 2_000;
/** Events of a round that reach the machine: two of the peer, and the ends of its three steps. */
const EVENTS_OF_ROUND = 5;
const REPEATS = 5;

/** What a message costs in the machines, without what it makes them do. The limit: a bare EventEmitter. */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const work = { keepalive: "a keepalive through workerPeer", round: "an event of a whole round through integritySync" };
  if (!Object.values(work).some(wanted)) return [];
  const repeated = async (once: () => number | Promise<number>): Promise<number> => {
    const times: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat += 1) times.push(await once());
    return percentile(times, 0.5);
  };
  const limit = await repeated(bareEmitter);
  return [
    { what: work.keepalive, figure: await repeated(keepalives), limit, unit: "µs" },
    { what: work.round, figure: await repeated(rounds), limit, unit: "µs" },
  ];
}

function bareEmitter(): number {
  const emitter = new EventEmitter();
  let last = 0;
  emitter.on("message", (event: { readonly at: number }) => {
    last = event.at;
  });
  const began = performance.now();
  for (let at = 0; at < MESSAGES; at += 1) emitter.emit("message", { type: "KEEPALIVE_RECEIVED", at });
  if (last !== MESSAGES - 1) throw new Error("the emitter lost a message");
  return ((performance.now() - began) / MESSAGES) * 1000;
}

const BOUNDS = { timeoutReceivingFile: 60_000, workDeadline: 60_000, transferDeadline: 60_000 };

async function keepalives(): Promise<number> {
  const { config } = await withFolder((root) => configOf("master", { root, name: "m1", cluster: BENCH_CLUSTER, key: BENCH_KEY }));
  const running = master.provide({ actors: { listen: fromPromise(() => Promise.resolve()) } });
  const identity = { nodeName: "m1", clusterName: BENCH_CLUSTER, dialect: zip43, followsWorkers: false };
  const actor = createActor(running, { input: { ...machineIntervals(config), clock: systemClock, identity } });
  actor.start();
  await waitFor(actor, ({ value }) => value === "running");
  actor.send({ type: "PEER_CONNECTED", peerId: "peer-1", address: "127.0.0.1" });
  const peer = actor.getSnapshot().children["peer-1"];
  peer?.send({ type: "HELLO_RECEIVED", requestId: 1, hello: { nodeName: "w1", clusterName: BENCH_CLUSTER, nodeType: "worker", version: zip43.version } });
  if ((peer?.getSnapshot() as { value: unknown } | undefined)?.value !== "connected") throw new Error("the peer was not admitted");
  const began = performance.now();
  for (let at = 0; at < MESSAGES; at += 1) peer?.send({ type: "KEEPALIVE_RECEIVED" });
  const took = performance.now() - began;
  actor.stop();
  return (took / MESSAGES) * 1000;
}

async function rounds(): Promise<number> {
  const counts = { missing: 0, shared: 0, extra: 0, extraValid: 0 };
  const machine = integritySync.provide({
    actors: {
      readPeerIndex: fromPromise(() => Promise.resolve({ files: 0 })),
      compareIndexes: fromPromise(() => Promise.resolve({ counts })),
      confirm: fromPromise(() => Promise.resolve()),
    },
  });
  const actor = createActor(machine, { input: { peerId: "peer-1", clock: systemClock, ...BOUNDS, maxLockedIntegrityTime: 60_000, permission: "whenFree" } });
  actor.start();
  const taskId = "task";
  const began = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) {
    actor.send({ type: "TASK_REQUESTED", requestId: 1, taskId });
    actor.send({ type: "FILE_ANNOUNCED", requestId: 2, taskId, path: "queue/cluster/w1/index.zip", received: true });
    await waitFor(actor, ({ value }) => value === "free");
  }
  const took = performance.now() - began;
  actor.stop();
  return (took / ROUNDS / EVENTS_OF_ROUND) * 1000;
}
