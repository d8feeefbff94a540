import type { AnyActorRef } from "xstate";
import type { ChannelStatistics } from "../../src/protocol/Channel.js";
import { naiveItemKey } from "../support/tree.js";
import type { DiskWitness } from "./SimulatedDisk.js";
import { ITEMS, ROOT, type SimulatedNode } from "./SimulatedNode.js";
import type { SimulatedNetwork } from "./SimulatedNetwork.js";
import { GROUPS, KEYS, keysIn, UNTOUCHED, type Users } from "./Users.js";

/** Files of removed agents that a worker takes away (protocol.md 6), and what nodes make for themselves. */
const LEFTOVERS = /^(queue\/(agent-groups|rids|diff|rootcheck)\/|var\/db\/agents\/)/;
const NODE_FOLDERS = ["etc", "logs", "queue", "queue/cluster", "queue/db", "queue/agent-groups", "var", "var/run"];
const TRANSFERS = "queue/cluster/";
/** Stands while agents' information is on its way. */
/** Stands on a worker's disk while agents' information is under way. */
export const MARK = "queue/db/agent-info.pending";
/** States in which an actor waits for nothing that can fail to come (starting: a port of the own machine): it needs no deadline. */
const RESTING = new Set(["free", "running", "connected", "idle", "working", "saturated", "serving", "stopped", "failed", "closed", "done", "disconnected", "starting"]);
/** Bytes that may be queued for one peer, or held of it: a few of a history's small pieces, and jobs in work. */
const MOST_QUEUED = 256 * 1024;
const MOST_JOBS = 64;

/** What must hold whatever happens (quality.md 3, actors.md). A breach ends the history. */
export class Invariants {
  breach: string | undefined;
  readonly #users: Users;
  readonly #nodes: () => readonly SimulatedNode[];

  constructor(users: Users, nodes: () => readonly SimulatedNode[]) {
    this.#users = users;
    this.#nodes = nodes;
  }

  /** Judges what a node does to its disk. */
  readonly witness: DiskWitness = (change, absolute, life, from) => {
    const node = this.#nodes().find(({ name }) => name === life.node);
    if (node === undefined) return;
    const path = absolute.slice(ROOT.length + 1);
    if (path.startsWith(TRANSFERS) || path === MARK) return;
    const isFolder = change === "folder" || node.disk.isFolder(absolute);
    if (isFolder && (NODE_FOLDERS.includes(path) || NODE_FOLDERS.includes(path.slice(0, path.lastIndexOf("/"))))) return;
    const itemKey = Object.keys(ITEMS.files).find((key) => key !== "etc/" && `${path}/`.startsWith(key));
    const what = `${node.name} has ${change} ${JSON.stringify(path)}`;
    if (node.type === "master" && !path.startsWith(GROUPS)) return this.#break(`${what}: a master's files are its users'`);
    if (change === "removed") {
      if (itemKey !== undefined || path === KEYS || LEFTOVERS.test(path)) return;
      return this.#break(`${what}, which no item covers`);
    }
    if (isFolder) {
      if (itemKey === undefined && !Object.keys(ITEMS.files).some((key) => key.startsWith(`${path}/`))) this.#break(`${what}, a folder that no item covers`);
      return;
    }
    if (naiveItemKey(path, ITEMS) === undefined) {
      if (itemKey !== undefined && path.endsWith(".tmp")) return;
      return this.#break(`${what}, which no item covers`);
    }
    if (change === "changed") return;
    if (change !== "placed") return this.#break(`${what} in its place: whoever reads it now reads half a file`);
    const content = node.disk.read(absolute) ?? Buffer.alloc(0);
    if (!this.#users.knows(path, content)) this.#break(`${what} from ${String(from)} with ${String(content.length)} bytes that no user ever wrote there: ${JSON.stringify(content.toString("latin1").slice(0, 80))}`);
  };

  /** An actor is in a new state: who is not free has a deadline. */
  requireDeadline(path: string, actor: AnyActorRef, state: string): void {
    if (RESTING.has(state)) return;
    const { _scheduledEvents: scheduled } = (actor.system as unknown as { _snapshot: { _scheduledEvents: Record<string, { source: AnyActorRef }> } })._snapshot;
    if (Object.values(scheduled).some(({ source }) => source === actor)) return;
    this.#break(`${path} is in ${state} without a deadline`);
  }

  /** What waits anywhere is bounded. */
  requireBounds(network: SimulatedNetwork): void {
    for (const node of this.#nodes()) {
      if ((node.pool?.running ?? 0) > MOST_JOBS) this.#break(`${node.name} has ${String(node.pool?.running)} jobs in work or waiting`);
    }
    for (const { ends } of network.open) {
      for (const { listener, life } of ends) {
        const statistics = (listener as { statistics?: ChannelStatistics } | undefined)?.statistics;
        if (statistics === undefined) continue;
        const { queuedBytes, heldBytes } = statistics;
        if (Math.max(queuedBytes, heldBytes) > MOST_QUEUED) this.#break(`${life.node} queues ${String(queuedBytes)} and holds ${String(heldBytes)} bytes for one peer`);
      }
    }
  }

  /** Why the cluster is not in step; undefined when it is. */
  difference(): string | undefined {
    const [master, ...workers] = this.#nodes() as [SimulatedNode, ...SimulatedNode[]];
    for (const node of this.#nodes()) {
      const stray = [...node.disk.tree(`${ROOT}/queue/cluster`).keys()];
      if (stray.length > 0) return `${node.name} still has ${stray.join(", ")} in queue/cluster`;
      for (const path of UNTOUCHED) {
        if (node.disk.read(`${ROOT}/${path}`)?.toString() !== `${path} of ${node.name}`) return `${path} of ${node.name} was touched`;
      }
    }
    const listed = new Set(keysIn(master.disk.read(`${ROOT}/${KEYS}`)));
    const own = itemFiles(master);
    for (const worker of workers) {
      const root = [...worker.actors()][0]?.[1].getSnapshot() as { value: unknown } | undefined;
      if (root?.value !== "connected") return `${worker.name} is ${String(root?.value)}`;
      const theirs = itemFiles(worker);
      for (const [path, content] of own) {
        const copy = theirs.get(path);
        if (copy?.equals(content) !== true) return `${worker.name} has ${copy === undefined ? "no" : "another"} ${JSON.stringify(path)}`;
      }
      for (const path of theirs.keys()) {
        if (own.has(path) || (path.startsWith(GROUPS) && !listed.has(path.slice(GROUPS.length)))) continue;
        return `${worker.name} still has ${JSON.stringify(path)}`;
      }
      if (worker.store.isWaiting) return `${worker.name} has not told of all its agents`;
      const told = new Map(master.store.words().map((words) => [words[0], words]));
      for (const words of worker.store.words(worker.name)) {
        if (String(told.get(words[0])) !== String(words)) return `the master knows ${String(told.get(words[0]))} of an agent, ${worker.name} ${String(words)}`;
      }
    }
    // Last: others are in the middle of a round at any time, and tell nothing of why they are.
    for (const node of this.#nodes()) {
      for (const [path, actor] of node.actors()) {
        const value = String((actor.getSnapshot() as { value: unknown }).value);
        if (/(integrity(Sync|Check|Apply)|extraValid\w+|agentInfo\w+)$/.test(path) && value !== "free") return `${node.name}: ${path} is in ${value}`;
      }
    }
    return undefined;
  }

  #break(text: string): void {
    this.breach ??= text;
  }
}

function itemFiles({ disk }: SimulatedNode): Map<string, Buffer> {
  return new Map([...disk.tree(ROOT)].filter(([path]) => naiveItemKey(path, ITEMS) !== undefined));
}
