import * as Comlink from "comlink";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { EmbeddedStore } from "../src/agents/embedded/EmbeddedStore.js";
import { openDatabase } from "../src/agents/embedded/openDatabase.js";
import type { AgentStoreThreadApi, AgentStoreThreadData, AgentStoreThreadNotice } from "./agentStoreThread.js";
import { comlinkEndpoint } from "./comlinkEndpoint.js";
import { keepErrorCodes } from "./comlinkErrors.js";

/**
 * The embedded agent store's thread (actors.md, Threads): the only place of a node where the database file is
 * touched. Started with `AgentStoreThreadData`, it serves `AgentStoreThreadApi`.
 */
if (parentPort === null) throw new Error("This file is started as a thread by the node, not by itself.");
const port = parentPort;
const { path, busyTimeout } = workerData as AgentStoreThreadData;

const store = new EmbeddedStore({
  open: () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o770 });
    // SQLite would make a file that everybody may read, and the agents' keys are in it.
    closeSync(openSync(path, "a", 0o640));
    return openDatabase(path, busyTimeout);
  },
  wallTime: () => Date.now(),
  notice: (notice) => port.postMessage({ notice } satisfies AgentStoreThreadNotice),
});

const api: AgentStoreThreadApi = {
  run: (command) => store.run(command),
  importAgents: (agents) => store.importAgents(agents),
  agentLists: () => store.agentLists(),
  storeAgentLists: (text) => store.storeAgentLists(text),
  close: () => store.close(),
};

keepErrorCodes();
Comlink.expose(api, comlinkEndpoint(port));
