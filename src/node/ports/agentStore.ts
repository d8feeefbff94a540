import { join } from "node:path";
import type { AgentStore } from "../../agents/AgentStore.js";
import { DEFAULT_AGENT_STORE_SETTINGS, type AgentStoreSettings } from "../../agents/AgentStoreSettings.js";
import type { StoreThread } from "../../agents/embedded/StoreThread.js";
import { ThreadTransport } from "../../agents/embedded/ThreadTransport.js";
import type { AgentSync } from "../../agents/AgentSync.js";
import { SwitchingAgentStore } from "../../agents/SwitchingAgentStore.js";
import { WdbAgentStore } from "../../agents/WdbAgentStore.js";
import { WdbConnectionPool } from "../../agents/wazuhDb/WdbConnectionPool.js";
import type { Clock, RandomSource } from "../../protocol/Clock.js";
import { startAgentStoreThread } from "./agentStoreThread.js";
import { openWdbSocket, somebodyListens } from "./openWdbSocket.js";
import { serveWdb } from "./serveWdb.js";
import { serveWdbHttp } from "./serveWdbHttp.js";
import { wdbHttpSync } from "./wdbHttpSync.js";

/** wazuh-db's socket and the embedded store's file, relative to the root (dapi.md 6.1, 6.4). */
const WDB_SOCKET = "queue/db/wdb";
const WDB_HTTP_SOCKET = "queue/sockets/wdb-http.sock";
export const GLOBAL_DB = "queue/db/global.db";

export interface AgentStoreOptions {
  /** The node's data directory, absolute. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** @default DEFAULT_AGENT_STORE_SETTINGS, member by member */
  readonly settings?: Partial<AgentStoreSettings>;
  /**
   * Use the embedded store whatever there is, and serve it on `queue/db/wdb` and `queue/sockets/wdb-http.sock` for other programs (`--serve-wdb`).
   * @default false
   */
  readonly serve?: boolean;
  /** Gets what the log should say. @default nothing is said */
  readonly notice?: (text: string) => void;
}

/**
 * The node's agent store: wazuh-db where it listens on `queue/db/wdb`, else the embedded store in
 * `queue/db/global.db`. wazuh-db that appears or disappears later is taken up, see `SwitchingAgentStore`.
 * @throws Error when it is to be served and another program does so already.
 */
export async function createAgentStore(options: AgentStoreOptions): Promise<AgentStore> {
  const filled = {
    ...options,
    settings: { ...DEFAULT_AGENT_STORE_SETTINGS, ...options.settings },
    notice: options.notice ?? ignore,
  };
  if (options.serve === true) return await serveEmbedded(filled);
  const path = join(options.root, WDB_SOCKET);
  return await SwitchingAgentStore.open({
    wazuhDbListens: () => somebodyListens(path),
    openWazuhDb: () => wazuhDbStore(path, filled),
    openEmbedded: () => embeddedStore(embeddedTransport(filled), filled),
    clock: options.clock,
    recheckInterval: filled.settings.recheckInterval,
    notice: filled.notice,
  });
}

/** The embedded store alone, whoever listens on `queue/db/wdb`: for commands that work on the file. */
export function createEmbeddedAgentStore(options: Omit<AgentStoreOptions, "serve">): AgentStore {
  const settings = { ...DEFAULT_AGENT_STORE_SETTINGS, ...options.settings };
  const filled = { ...options, settings, notice: options.notice ?? ignore };
  return embeddedStore(embeddedTransport(filled), filled);
}

interface FilledOptions extends AgentStoreOptions {
  readonly settings: AgentStoreSettings;
  readonly notice: (text: string) => void;
}

function wazuhDbStore(path: string, { root, clock, random, settings }: FilledOptions): AgentStore {
  const transport = new WdbConnectionPool({ open: openWdbSocket(path), clock, random, settings, location: path });
  return new WdbAgentStore({ transport, clock, settings, sync: wdbHttpSync(join(root, WDB_HTTP_SOCKET), settings, clock) });
}

function embeddedTransport({ root, clock, random, settings, notice }: FilledOptions): ThreadTransport {
  const path = join(root, GLOBAL_DB);
  const start = (): StoreThread => startAgentStoreThread({ path, busyTimeout: settings.busyTimeout }, notice);
  return new ThreadTransport({ start, clock, random, settings, location: path });
}

function embeddedStore(
  transport: ThreadTransport,
  { clock, settings }: FilledOptions,
  closeFirst?: () => Promise<void>,
): AgentStore {
  const importAgents = transport.importAgents.bind(transport);
  return new WdbAgentStore({ transport, clock, settings, sync: syncOf(transport), importAgents, ...(closeFirst && { closeFirst }) });
}

async function serveEmbedded(options: FilledOptions): Promise<AgentStore> {
  const transport = embeddedTransport(options);
  const run = (command: string, signal: AbortSignal): Promise<string> => transport.request(command, signal);
  const server = await serveWdb(join(options.root, WDB_SOCKET), run, options.settings);
  try {
    const http = await serveWdbHttp(join(options.root, WDB_HTTP_SOCKET), syncOf(transport), options.settings);
    return embeddedStore(transport, options, async () => {
      await Promise.all([server.close(), http.close()]);
    });
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** The three lists of the embedded store. */
function syncOf(transport: ThreadTransport): AgentSync {
  return {
    read: (signal) => transport.agentLists(signal),
    write: (lists, signal) => transport.storeAgentLists(JSON.stringify(lists), signal),
  };
}

function ignore(): void {
  // The log is the caller's business.
}
