/** Bounds and times of the agent store; every wait has one. Times in milliseconds. */
export interface AgentStoreSettings {
  /** A whole call, with all its pages, fails after this. */
  readonly callTimeout: number;
  /** One request and its answer. */
  readonly requestTimeout: number;
  /** Requests that may wait for a connection or for the thread; beyond: an error to the asker. */
  readonly waitingRequests: number;
  /** Connections to `queue/db/wdb` at most. */
  readonly connections: number;
  readonly connectTimeout: number;
  /** The first wait before the next attempt to connect, or before a dead thread's next start; then doubled. */
  readonly firstRetryDelay: number;
  /** The longest wait before a dead thread's next start. */
  readonly longestRetryDelay: number;
  /** The longest wait before the next attempt to connect; requests wait as long. */
  readonly longestReconnectDelay: number;
  /** Starts of the thread that fail one after another before it is given up. */
  readonly restartLimit: number;
  /** How often the node looks whether `queue/db/wdb` appeared. */
  readonly recheckInterval: number;
  /** How long SQLite waits for another process's lock. */
  readonly busyTimeout: number;
  /** Largest request, in bytes; wazuh-db's own buffer (dapi.md 6.1). */
  readonly requestBytes: number;
  /** Tries to reach the store's HTTP socket while it is being started, how long one request may take, and its answer's bytes. */
  readonly httpConnectAttempts: number;
  readonly httpTimeout: number;
  readonly httpAnswerBytes: number;
  /** Clients of `--serve-wdb` at once, and how long one may be silent. */
  readonly servedClients: number;
  readonly servedIdleTimeout: number;
}

export const DEFAULT_AGENT_STORE_SETTINGS: AgentStoreSettings = Object.freeze({
  callTimeout: 60_000,
  requestTimeout: 20_000,
  waitingRequests: 1000,
  connections: 4,
  connectTimeout: 5000,
  firstRetryDelay: 100,
  longestRetryDelay: 10_000,
  longestReconnectDelay: 2000,
  restartLimit: 10,
  recheckInterval: 10_000,
  busyTimeout: 5000,
  requestBytes: 65_536,
  httpConnectAttempts: 5,
  httpTimeout: 10_000,
  httpAnswerBytes: 256 * 1024 * 1024,
  servedClients: 128,
  servedIdleTimeout: 300_000,
});
