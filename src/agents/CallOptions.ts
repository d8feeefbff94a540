/** How long a caller is ready to wait, and how it says that it no longer does. */
export interface CallOptions {
  /** Leaves the call at once; the rejection's reason is the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds from now until the whole call fails with error 2007.
   * @default AgentStoreSettings.callTimeout
   */
  readonly timeout?: number;
}

/** Options of a count of agents. */
export interface CountOptions extends CallOptions {
  /** Whether agent 000, the manager itself, is one of them. @default true */
  readonly withManager?: boolean;
}
