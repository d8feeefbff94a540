import type { LogLine } from "../../machines/process.js";
import { stateText } from "./stateText.js";
import type { Logger } from "../telemetry/Logger.js";

/** What a machine's log action needs to know: who speaks, and about whom. */
export interface LogServices {
  readonly logger: Logger;
  /** The tag of a line that is about this peer; the node's own without one. */
  tagOf?(peerId: string): string;
}

export interface MachineScope {
  readonly context: object;
  readonly self: { getSnapshot: () => unknown };
}

/** The `log` action of a machine: its line, with the peer, the process, the state and the task that it is about. */
export function machineLog(services: LogServices, process: string) {
  return ({ context, self }: MachineScope, line: LogLine): void => {
    const { peerId, taskId } = context as { readonly peerId?: string; readonly taskId?: string | null };
    const value = (self.getSnapshot() as { value?: unknown }).value;
    const speaker = services.logger.child({
      process,
      state: stateText(value),
      ...(line.subtag === undefined ? {} : { subtag: line.subtag }),
      ...(taskId === undefined || taskId === null ? {} : { taskId }),
      ...(services.tagOf === undefined ? {} : { tag: services.tagOf(peerId ?? "") }),
    });
    speaker[line.level === "warning" ? "warn" : line.level](line.message);
  };
}
