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
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the Unix epoch. */
  readonly wallTime: () => number;
  /** Aborted when the user asks the command to stop (SIGINT, SIGTERM). */
  readonly stop: AbortSignal;
  /** Where a crash report goes when the node's `var/run` can't take it. */
  readonly temporaryFolder: string;
  readonly processId: number;
}
