/** The exit statuses of `muster` (interface.md). */
export const ExitCode = Object.freeze({
  done: 0,
  /** A configuration or request error: one clear line on stderr. */
  failed: 1,
  wrongUsage: 2,
  /** The cluster or the node can't be reached. */
  unreachable: 3,
  /** An internal error; stderr says where the report was written. */
  internal: 70,
});

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
