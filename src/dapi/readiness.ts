import type { Clock } from "../protocol/Clock.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import type { NodeFiles } from "./CatalogueFunction.js";

/** Where daemons leave their marks, relative to the root (dapi.md 3.2). */
const RUN_FOLDER = "var/run";
/** How long what was read there counts, in milliseconds: a busy node does not read its folder for every request. */
const READINESS_LIFETIME = 1_000;
/** Daemons that muster stands for itself, or that need not run for its functions. */
const NOT_COUNTED: ReadonlySet<string> = new Set(["wazuh-clusterd", "wazuh-apid"]);
const NOT_READY: ReadonlySet<string> = new Set(["failed", "restarting", "stopped"]);
const MARK = /^(wazuh-[a-z]+?)(?:\.(failed|restart|start)|-(\d+)\.pid)$/;

type DaemonState = "running" | "failed" | "restarting" | "starting" | "stopped";

/**
 * Whether the daemons that a request counts on are there (dapi.md 1.3, error 1017).
 *
 * A node may run without Wazuh's own daemons: rules, agents and nodes are told from its files and its store all the
 * same, and nobody there would expect to be refused for the lack of an analysis daemon. So the check is made only where
 * at least one of those daemons has left a mark in `var/run`: there, one that has not is stopped or broken.
 */
export class DaemonReadiness {
  readonly #files: NodeFiles;
  readonly #clock: Pick<Clock, "now">;
  #last: { readonly at: number; readonly states: Promise<ReadonlyMap<string, DaemonState>> } | undefined;

  constructor(files: NodeFiles, clock: Pick<Clock, "now">) {
    this.#files = files;
    this.#clock = clock;
  }

  /** @throws MusterError 1017 that names the daemons that are not ready */
  async require(services: readonly string[], nodeName: string): Promise<void> {
    if (services.length === 0) return;
    const now = this.#clock.now();
    if (this.#last === undefined || now - this.#last.at >= READINESS_LIFETIME) {
      this.#last = { at: now, states: readStates(this.#files) };
    }
    const states = await this.#last.states;
    if (states.size === 0) return;
    const notReady = services.map((name) => [name, states.get(name) ?? "stopped"] as const).filter(([, state]) => NOT_READY.has(state));
    if (notReady.length === 0) return;
    throw MusterError.user(1017, {
      node_name: nodeName,
      not_ready_daemons: notReady.map(([name, state]) => `${name}->${state}`).join(", "),
    });
  }
}

/** The state of each daemon that has left a mark; empty on a node without them, and where the folder can't be read. */
async function readStates(files: NodeFiles): Promise<ReadonlyMap<string, DaemonState>> {
  const marks = new Map<string, { words: Set<string>; pids: number[] }>();
  for (const { name } of await files.list(RUN_FOLDER).catch(() => [])) {
    const [, daemon = "", word, pid] = MARK.exec(name) ?? [];
    if (daemon === "" || NOT_COUNTED.has(daemon)) continue;
    const mark = marks.get(daemon) ?? { words: new Set<string>(), pids: [] };
    if (word !== undefined) mark.words.add(word);
    if (pid !== undefined) mark.pids.push(Number(pid));
    marks.set(daemon, mark);
  }
  const states = new Map<string, DaemonState>();
  for (const [daemon, { words, pids }] of marks) states.set(daemon, await stateOf(words, pids, files));
  return states;
}

/** The rule of dapi.md 3.2. */
async function stateOf(words: ReadonlySet<string>, pids: readonly number[], files: NodeFiles): Promise<DaemonState> {
  if (words.has("failed")) return "failed";
  if (words.has("restart")) return "restarting";
  if (words.has("start")) return "starting";
  for (const pid of pids) if (await files.processRuns(pid)) return "running";
  return pids.length > 0 ? "failed" : "stopped";
}
