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
