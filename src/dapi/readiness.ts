import type { Clock } from "../protocol/Clock.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import type { NodeFiles } from "./CatalogueFunction.js";
import { DAEMONS, daemonState, hasMark, RUN_FOLDER, type DaemonMarks, type DaemonState } from "./daemonState.js";

/** How long what was read there counts, in milliseconds: a busy node does not read its folder for every request. */
const READINESS_LIFETIME = 1_000;
/** Daemons that muster stands for itself, or that need not run for its functions. */
const NOT_COUNTED: ReadonlySet<string> = new Set(["wazuh-clusterd", "wazuh-apid"]);
const NOT_READY: ReadonlySet<DaemonState> = new Set(["failed", "restarting", "stopped"]);

/** What was read: whether daemons are used here at all, and the state of each that was asked for. */
interface Reading {
  readonly at: number;
  readonly marks: Promise<DaemonMarks | null>;
  readonly states: Map<string, Promise<DaemonState>>;
}

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
  #last: Reading | undefined;

  constructor(files: NodeFiles, clock: Pick<Clock, "now">) {
    this.#files = files;
    this.#clock = clock;
  }

  /** @throws MusterError 1017 that names the daemons that are not ready */
  async require(services: readonly string[], nodeName: string): Promise<void> {
    if (services.length === 0) return;
    const now = this.#clock.now();
    if (this.#last === undefined || now - this.#last.at >= READINESS_LIFETIME) {
      this.#last = { at: now, marks: readMarks(this.#files), states: new Map() };
    }
    const { marks, states } = this.#last;
    const known = await marks;
    if (known === null) return;
    const counted = services.filter((name) => !NOT_COUNTED.has(name));
    const found = await Promise.all(
      counted.map(async (name) => {
        const state = states.get(name) ?? daemonState(name, known);
        states.set(name, state);
        return [name, await state] as const;
      }),
    );
    const notReady = found.filter(([, state]) => NOT_READY.has(state));
    if (notReady.length === 0) return;
    throw MusterError.user(1017, {
      node_name: nodeName,
      not_ready_daemons: notReady.map(([name, state]) => `${name}->${state}`).join(", "),
    });
  }
}

/** The marks of the node's daemons; null where they have left none, and where the folder can't be read. */
async function readMarks(files: NodeFiles): Promise<DaemonMarks | null> {
  const names = new Set((await files.list(RUN_FOLDER).catch(() => [])).map(({ name }) => name));
  const areUsed = DAEMONS.some((daemon) => !NOT_COUNTED.has(daemon) && hasMark(daemon, names));
  return areUsed ? { names, processRuns: (pid) => files.processRuns(pid) } : null;
}
