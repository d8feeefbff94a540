/** Every bound of the HTTP server. Milliseconds where it is a time, unless the name says seconds. docs/limits.md has all. */
export interface HttpSettings {
  /** Largest body of a request. */
  readonly bodyBytes: number;
  /** Longest path with its query, as it is sent. */
  readonly urlBytes: number;
  /** Request line and headers together. */
  readonly headerBytes: number;
  /** Longest part of a path that stands for a name or an id, decoded, in characters. */
  readonly pathPartCharacters: number;
  /** Until the headers of a request are in. */
  readonly headersTimeout: number;
  /** Until a request is in as a whole. */
  readonly receiveTimeout: number;
  /** How often connections are looked at for the two above. */
  readonly checkInterval: number;
  /** Silence on a connection after which it is closed, also in the middle of an answer. */
  readonly idleTimeout: number;
  /** Silence between two requests of a connection. */
  readonly keepAliveTimeout: number;
  /** Open connections. */
  readonly connections: number;
  /** Requests that are worked on at a time. */
  readonly concurrentRequests: number;
  /** Seconds that a function may take for an API request (dapi.md 1.6). */
  readonly answerSeconds: number;
  /** How long the names of the cluster's nodes are taken for true. */
  readonly nodeNamesAge: number;
  /** How long a stopping server waits for its last answers. */
  readonly closeTimeout: number;
  /** Seconds that a token is good for (dapi.md 3.7). */
  readonly tokenSeconds: number;
  /** Tokens whose signature need not be verified again. */
  readonly verifiedTokens: number;
  /** Users of the HTTP API. */
  readonly users: number;
  /** Passwords that are checked at a time. */
  readonly passwordChecks: number;
  /** Logins that wait for their check. */
  readonly waitingLogins: number;
  /** Failed logins from one address before it has to wait. */
  readonly addressFailures: number;
  /** Failed logins as one user, from wherever, before that user has to wait. */
  readonly userFailures: number;
  /** First wait after too many failures; doubled with each further one. */
  readonly firstLoginDelay: number;
  /** Longest wait of an address. */
  readonly longestAddressDelay: number;
  /** Longest wait of a user: short, so that nobody can lock somebody else out. */
  readonly longestUserDelay: number;
  /** After this long without a failure, failures are forgotten. */
  readonly failureMemory: number;
  /** Addresses, and user names, whose failures are counted at a time. */
  readonly countedFailures: number;
}

export const DEFAULT_HTTP_SETTINGS: HttpSettings = Object.freeze({
  bodyBytes: 64 * 1024,
  urlBytes: 12 * 1024,
  headerBytes: 16 * 1024,
  pathPartCharacters: 256,
  headersTimeout: 10_000,
  receiveTimeout: 20_000,
  checkInterval: 5_000,
  idleTimeout: 300_000,
  keepAliveTimeout: 10_000,
  connections: 1024,
  concurrentRequests: 1024,
  answerSeconds: 10,
  nodeNamesAge: 2_000,
  closeTimeout: 5_000,
  tokenSeconds: 900,
  verifiedTokens: 1024,
  users: 1000,
  passwordChecks: 2,
  waitingLogins: 32,
  addressFailures: 10,
  userFailures: 30,
  firstLoginDelay: 1_000,
  longestAddressDelay: 300_000,
  longestUserDelay: 30_000,
  failureMemory: 300_000,
  countedFailures: 10_000,
});
