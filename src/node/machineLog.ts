import type { LogLine } from "../../machines/process.js";
import { stateText } from "./stateText.js";
import type { Logger } from "../telemetry/Logger.js";

/** What a machine's log action needs to know: who speaks, and about whom. */
export interface LogServices {
  readonly logger: Logger;
  /** The tag of a line that is about this peer; the node's own without one. */
  tagOf?(peerId: string): string;
  /** The name of the peer that a line is about; undefined while it has none. */
  peerOf?(peerId: string): string | undefined;
}

export interface MachineScope {
  readonly context: object;
  readonly self: { getSnapshot: () => unknown };
}

/**
 * The `log` action of a machine: its line, with the peer, the process, the task that it is about, and the state
 * in which the process was when it happened (a line that tells of a change carries the state before).
 */
export function machineLog(services: LogServices, process: string) {
  return ({ context, self }: MachineScope, line: LogLine): void => {
    const { peerId, taskId } = context as { readonly peerId?: string; readonly taskId?: string | null };
    const peer = services.peerOf?.(peerId ?? "");
    const value = (self.getSnapshot() as { value?: unknown }).value;
    const speaker = services.logger.child({
      process,
      state: stateText(value),
      ...(peer === undefined ? {} : { peer }),
      ...(line.subtag === undefined ? {} : { subtag: line.subtag }),
      ...(taskId === undefined || taskId === null ? {} : { taskId }),
      ...(services.tagOf === undefined ? {} : { tag: services.tagOf(peerId ?? "") }),
    });
    speaker[line.level === "warning" ? "warn" : line.level](line.message);
  };
}
