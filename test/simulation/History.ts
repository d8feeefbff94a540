import { createHash } from "node:crypto";
import type { LogLevel } from "../../src/telemetry/Logger.js";
import type { AnyActorRef } from "xstate";
import { seededRandom } from "../support/seededRandom.js";
import { Faults } from "./Faults.js";
import { Invariants } from "./Invariants.js";
import { SimulatedNetwork } from "./SimulatedNetwork.js";
import { SimulatedNode } from "./SimulatedNode.js";
import { SimulatedTime } from "./SimulatedTime.js";
import { Users } from "./Users.js";

/** Milliseconds in which the cluster must be in step once the faults have stopped. */
const CONVERGENCE = 120_000;
/** Milliseconds between two looks at whether it is. */
const LOOK = 250;
/** A history's last lines that a failure shows. */
const SHOWN_LINES = 160;

export interface HistoryOutcome {
  readonly seed: number;
  /** What went wrong; undefined when nothing did. */
  readonly failure: string | undefined;
  /** What happened, in its order, each line with its instant in seconds. */
  readonly story: readonly string[];
  /** The same for the same seed. */
  readonly digest: string;
  readonly events: number;
  readonly faults: number;
  /** Integrity rounds that masters saw. */
  readonly rounds: number;
  /** Seconds of simulated time. */
  readonly seconds: number;
}

/** A bug to be planted, to see whether histories find it. */
export type Plant = (node: SimulatedNode) => void;

/** Runs one history: a cluster lives through what the seed brings, and must then come into step. */
export async function runHistory(seed: number, plant?: Plant): Promise<HistoryOutcome> {
  return await new History(seed, plant).run();
}

/** A failed history as people read it. */
export function storyOf({ seed, failure, story }: HistoryOutcome, lines = SHOWN_LINES): string {
  const left = story.length > lines ? [`… ${String(story.length - lines)} lines before; all: npm run simulate -- --seed ${String(seed)} --story`] : [];
  return [`Seed ${String(seed)}: ${failure ?? "clean"}`, ...left, ...story.slice(-lines)].join("\n");
}

class History {
  readonly #seed: number;
  readonly #time = new SimulatedTime();
  readonly #network: SimulatedNetwork;
  readonly #nodes: SimulatedNode[] = [];
  readonly #invariants: Invariants;
  readonly #users: Users;
  readonly #faults: Faults;
  readonly #story: string[] = [];
  readonly #states = new Map<AnyActorRef, string>();
  #rounds = 0;

  constructor(seed: number, plant: Plant | undefined) {
    this.#seed = seed;
    const stream = (number: number) => seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b));
    const weather = stream(1);
    const slowness = 1 + weather.below(40);
    this.#network = new SimulatedNetwork({
      time: this.#time,
      latency: () => 0.1 + (weather.below(100) * slowness) / 100,
      cut: (available) => (weather.below(4) === 0 ? 1 + weather.below(available) : available),
    });
    this.#users = new Users(stream(2), (node, text) => this.#tell(node, text));
    this.#invariants = new Invariants(this.#users, () => this.#nodes);
    this.#faults = new Faults({
      time: this.#time,
      network: this.#network,
      nodes: this.#nodes,
      users: this.#users,
      chance: stream(3),
      tell: (node, text) => this.#tell(node, text),
    });
    const names = ["master", ...Array.from({ length: 1 + weather.below(3) }, (_, at) => `worker${String(at + 1)}`)];
    for (const [at, name] of names.entries()) {
      const node = new SimulatedNode({
        name,
        type: at === 0 ? "master" : "worker",
        time: this.#time,
        network: this.#network,
        random: stream(10 + at),
        guard: this.#faults.guard,
        witness: this.#invariants.witness,
        tell: (who, level, text) => this.#log(who, level, text),
      });
      plant?.(node);
      this.#nodes.push(node);
      this.#users.furnish(node);
    }
  }

  async run(): Promise<HistoryOutcome> {
    let failure: string | undefined;
    try {
      failure = await this.#live();
    } catch (error) {
      failure = `the simulation broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
    for (const node of this.#nodes) {
      node.kill(false);
      node.store.close();
    }
    const digest = createHash("sha256").update(this.#story.join("\n")).digest("hex");
    const { events, now } = this.#time;
    return { seed: this.#seed, failure, story: this.#story, digest, events, faults: this.#faults.count, rounds: this.#rounds, seconds: now / 1000 };
  }

  async #live(): Promise<string | undefined> {
    for (const node of this.#nodes) node.start();
    this.#faults.plan();
    const end = this.#faults.end;
    let deadline = Infinity;
    let nextLook = end;
    let isHealed = false;
    for (;;) {
      const life = await this.#time.step();
      if (life === false) return "nothing happens any more";
      if (life !== undefined) this.#watch(life.node);
      if (this.#invariants.breach !== undefined) return this.#invariants.breach;
      const { now } = this.#time;
      if (now < nextLook) continue;
      nextLook = now + LOOK;
      if (!isHealed) {
        isHealed = true;
        deadline = now + CONVERGENCE;
        this.#faults.heal();
        continue;
      }
      const difference = this.#invariants.difference();
      if (difference === undefined) return undefined;
      if (now > deadline) return `not in step ${String(CONVERGENCE / 1000)} s after the last fault: ${difference}`;
    }
  }

  /** Notes which actors of a node are in a new state. */
  #watch(name: string): void {
    const node = this.#nodes.find((candidate) => candidate.name === name);
    if (node === undefined) return;
    for (const [path, actor] of node.actors()) {
      const { value, status, error } = actor.getSnapshot() as { value: unknown; status: string; error?: unknown };
      if (status === "error") this.#invariants.breach ??= `${name}: ${path} ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
      const state = typeof value === "string" ? value : JSON.stringify(value);
      if (this.#states.get(actor) === state) continue;
      this.#states.set(actor, state);
      if (path.endsWith("/integritySync") && state === "comparing") this.#rounds += 1;
      this.#tell(name, `${path} ${state}`);
      if (status === "active") this.#invariants.requireDeadline(`${name}: ${path}`, actor, state);
    }
    this.#invariants.requireBounds(this.#network);
  }

  #log(node: string, level: LogLevel, text: string): void {
    if (level === "debug" || level === "debug2") return;
    this.#tell(node, `[${level}] ${text}`);
    if (/ crashed: /.test(text)) this.#invariants.breach ??= `${node}: ${text}`;
  }

  #tell(node: string, text: string): void {
    this.#story.push(`${(this.#time.now / 1000).toFixed(4).padStart(9)} ${node.padEnd(8)} ${text}`);
  }
}
