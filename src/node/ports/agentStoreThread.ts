import { Worker } from "node:worker_threads";
import * as Comlink from "comlink";
import type { AgentStoreThreadApi, AgentStoreThreadData } from "../../../workers/agentStoreThread.js";
import { isThreadNotice } from "../../../workers/agentStoreThread.js";
import type { StoreThread } from "../../agents/embedded/StoreThread.js";
import { comlinkEndpoint } from "../../../workers/comlinkEndpoint.js";
import { keepErrorCodes } from "../../../workers/comlinkErrors.js";
import { threadEntry } from "./threadEntry.js";

/**
 * Starts the thread. comlink never settles a call whose thread died, so every call is to be raced with `death`.
 * @param notice Gets what the thread wants logged.
 */
export function startAgentStoreThread(data: AgentStoreThreadData, notice: (text: string) => void): StoreThread {
  keepErrorCodes();
  // The process's own options are not the thread's: some of them (--input-type) end it at once.
  const worker = new Worker(threadEntry("agentStore"), { workerData: data, name: "agentStore", execArgv: [] });
  worker.on("message", (message: unknown) => {
    if (isThreadNotice(message)) notice(message.notice);
  });
  const api = Comlink.wrap<AgentStoreThreadApi>(comlinkEndpoint(worker));
  const death = new Promise<never>((_resolve, reject) => {
    worker.once("error", (cause) => reject(new Error(`the agent store's thread failed: ${cause.message}`, { cause })));
    worker.once("exit", (code) => reject(new Error(`the agent store's thread ended (exit code ${code})`)));
  });
  // Heard by the calls that race with it; a thread that dies without any is no unhandled rejection.
  death.catch(() => undefined);
  return {
    run: (command) => api.run(command),
    importAgents: (agents) => api.importAgents(agents),
    agentLists: () => api.agentLists(),
    storeAgentLists: (text) => api.storeAgentLists(text),
    close: () => api.close(),
    death,
    stop: async () => {
      await worker.terminate();
      api[Comlink.releaseProxy]();
    },
  };
}
