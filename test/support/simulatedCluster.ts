import { createActor, fromPromise, type Actor } from "xstate";
import { integritySync } from "../../machines/integritySync.js";
import { master } from "../../machines/master.js";
import { workerPeer } from "../../machines/workerPeer.js";
import { NodeTaps } from "../../src/node/NodeTaps.js";
import { systemClock } from "../../src/node/ports/systemClock.js";
import type { InspectedNode } from "../../src/inspector/InspectedNode.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { LogTap } from "../../src/telemetry/LogTap.js";
import { withIntervals } from "./machineInputs.js";

const CLUSTER = "simulated";
const VERSION = zip43.version;
const COUNTS = { missing: 2, shared: 1, extra: 0, extraValid: 0 };
const NOTHING = { missing: 0, shared: 0, extra: 0, extraValid: 0 };

/** A master's real machines, whose work is a short wait: as many workers as one likes, in one process. */
export class SimulatedCluster {
  readonly actor: Actor<typeof master>;
  readonly taps = new NodeTaps();
  readonly log = new LogTap();
  readonly node: InspectedNode;
  readonly #names: readonly string[];
  #round = 0;

  constructor(workers: number, { work = 30, secrets = [] }: { work?: number; secrets?: readonly string[] } = {}) {
    this.#names = Array.from({ length: workers }, (_, at) => `worker-${String(at + 1)}`);
    const take = async <Result>(result: Result): Promise<Result> => {
      await new Promise((resolve) => setTimeout(resolve, work));
      return result;
    };
    const pause = (): Promise<void> => take(undefined);
    const isDue = (): boolean => ++this.#round % 3 === 0;
    const sync = integritySync.provide({
      actors: {
        readPeerIndex: fromPromise(() => take({ files: 120 })),
        compareIndexes: fromPromise(() => take({ counts: isDue() ? COUNTS : NOTHING })),
        confirm: fromPromise(pause),
        packDifference: fromPromise(() => take({ path: "queue/cluster/archive.zip", files: 3, bytes: 4096, counts: COUNTS })),
        requestTask: fromPromise(() => take({ taskId: "task" })),
        sendArchive: fromPromise(() => take({ bytes: 4096 })),
        announce: fromPromise(pause),
        reportError: fromPromise(pause),
      },
    });
    const peer = workerPeer.provide({ actors: { integritySync: sync, closeLink: fromPromise(pause) } });
    const machine = master.provide({
      actors: { listen: fromPromise(pause), drain: fromPromise(pause), workerPeer: peer },
    });
    this.actor = createActor(machine, {
      input: {
        ...withIntervals(systemClock),
        identity: { nodeName: "m1", clusterName: CLUSTER, dialect: zip43, followsWorkers: false },
      },
    });
    this.node = {
      identity: { name: "m1", type: "master", cluster: CLUSTER },
      actor: this.actor,
      taps: this.taps,
      log: this.log,
      clock: systemClock,
      peerName: (id) => this.#names[Number(id.split("-")[1]) - 1],
      secrets,
    };
  }

  /** Starts the master and lets all workers join. */
  async start(): Promise<void> {
    this.actor.start();
    while (this.actor.getSnapshot().value !== "running") await new Promise((resolve) => setTimeout(resolve, 5));
    this.#names.forEach((nodeName, at) => {
      const peerId = `peer-${String(at + 1)}`;
      this.actor.send({ type: "PEER_CONNECTED", peerId, address: `10.0.0.${String(at + 1)}` });
      const hello = { nodeName, clusterName: CLUSTER, nodeType: "worker", version: VERSION };
      this.#peer(peerId)?.send({ type: "HELLO_RECEIVED", requestId: 1, hello });
    });
  }

  /** One worker begins an integrity round. */
  round(at: number): void {
    const ask = (event: object): void => this.#peer(`peer-${String(at + 1)}`)?.send({ type: "PEER_ASKED", to: "integritySync", event });
    const [taskId, path] = ["task", "queue/cluster/index.zip"];
    ask({ type: "PERMISSION_ASKED", requestId: 1 });
    ask({ type: "TASK_REQUESTED", requestId: 2, taskId });
    ask({ type: "FILE_ANNOUNCED", requestId: 3, taskId, path, received: true });
  }

  /** The link to a worker breaks. */
  lose(at: number): void {
    this.#peer(`peer-${String(at + 1)}`)?.send({ type: "LINK_CLOSED", reason: "the link broke" });
  }

  stop(): void {
    this.actor.stop();
  }

  #peer(id: string): { send(event: object): void } | undefined {
    return this.actor.getSnapshot().children[id];
  }
}
