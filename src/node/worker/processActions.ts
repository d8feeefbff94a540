import type { Answer } from "../../../machines/process.js";
import { machineLog } from "../machineLog.js";
import type { WorkerServices } from "./WorkerServices.js";

/** The actions that every process of a worker has: answer the master, write to the log, drop work files. */
export function processActions(services: WorkerServices, process: string) {
  return {
    answer: (_: unknown, answer: Answer): void => {
      services.findConnection()?.answer(answer);
    },
    log: machineLog(services, process),
    discardWork: (_: unknown, { paths }: { paths: readonly (string | null)[] }): void => {
      services.findConnection()?.discard(paths).catch((error: unknown) => {
        services.logger.warn(`Could not remove a transferred file: ${String(error)}`, { process });
      });
    },
  };
}
