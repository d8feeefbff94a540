import { ExitCode } from "./ExitCode.js";

/**
 * A command that could not do its work for a reason that its user can act on. Its message is printed on
 * stderr as it stands; `lines` are printed below it.
 */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  readonly lines: readonly string[];

  constructor(
    message: string,
    options: { readonly exitCode?: ExitCode; readonly lines?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CommandFailure";
    this.exitCode = options.exitCode ?? ExitCode.failed;
    this.lines = options.lines ?? [];
  }

  /** The node or the cluster does not answer: status 3. */
  static unreachable(message: string, cause?: unknown): CommandFailure {
    return new CommandFailure(message, { exitCode: ExitCode.unreachable, cause });
  }

  /** The arguments make no sense together: status 2. */
  static wrongUsage(message: string): CommandFailure {
    return new CommandFailure(message, { exitCode: ExitCode.wrongUsage });
  }
}
