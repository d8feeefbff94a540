/** Where finished lines go. None of its methods throws: logging never stops the daemon. */
export interface LogSink {
  /** Takes one JSON line, ended by a newline. */
  write(line: string): void;
  /** Resolves when everything taken so far is written, or can't be. */
  flush(): Promise<void>;
  /** The same at once, for the last moment of a process. */
  flushSync(): void;
  /** Writes what is left and lets go of what it holds. */
  close(): Promise<void>;
}
