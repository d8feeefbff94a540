/** A stream to which a command prints. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Columns of a terminal. */
  readonly columns?: number;
  hasColors?(): boolean;
}

/** What a command sees of the world around it, so that tests can run it in their own process. */
export interface CommandEnvironment {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** All that comes on standard input, as text; rejects when that is more than `mostBytes`. */
  readonly readInput: (mostBytes: number) => Promise<string>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the Unix epoch. */
  readonly wallTime: () => number;
  /** Aborted when the user asks the command to stop (SIGINT, SIGTERM). */
  readonly stop: AbortSignal;
  /** Aborted when the user asks a second time: at once. The process ends right after the listeners. */
  readonly stopNow: AbortSignal;
  /** Calls `listener` with each signal of a kind that is no request to stop. Returns how to end that. */
  readonly onSignal: (signal: "SIGHUP" | "SIGUSR1", listener: () => void) => () => void;
  /** Where a crash report goes when the node's `var/run` can't take it. */
  readonly temporaryFolder: string;
  readonly processId: number;
}
