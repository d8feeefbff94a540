import { CommanderError } from "commander";
import { ConfigurationError } from "../config/ConfigurationError.js";
import { printable } from "../config/printable.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import { loggable } from "../telemetry/logFields.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { ExitCode } from "./ExitCode.js";
import { musterVersion } from "./musterVersion.js";
import { rootFromEnvironment } from "./rootOption.js";
import { writeCrashReport } from "./writeCrashReport.js";

/**
 * Tells on stderr why a command line failed, and with which status it ends (interface.md): usage 2, a
 * CommandFailure its own, a MusterError 1, and anything else 70, with a report of it written to a file.
 */
export function reportFailure(error: unknown, args: readonly string[], environment: CommandEnvironment): ExitCode {
  const say = (text: string): unknown => environment.stderr.write(`${text}\n`);
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.wrongUsage;
  if (error instanceof CommandFailure) {
    say(`muster: ${error.message}`);
    error.lines.forEach(say);
    return error.exitCode;
  }
  if (error instanceof MusterError && !isOwnFault(error)) {
    const more = error instanceof ConfigurationError ? error.problems.length - 1 : 0;
    say(`muster: ${error.toString()}${more > 0 ? ` (and ${more} more: muster config check lists all)` : ""}`);
    return ExitCode.failed;
  }
  const report = writeCrashReport(
    { error, args, version: musterVersion(), root: rootOf(args, environment) },
    environment,
  );
  const reason = printable(textOf(error));
  say(
    `muster: internal error: ${reason}. ${report === undefined ? "No report could be written." : `The report is in ${report}.`}`,
  );
  return ExitCode.internal;
}

/** A text for anything that can be thrown. */
function textOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : (JSON.stringify(loggable(error)) ?? "undefined was thrown");
}

/** Something unforeseen that was wrapped on its way (protocol.md 2); a 1000 from a peer has no cause. */
function isOwnFault(error: MusterError): boolean {
  return error.code === 1000 && error.cause !== undefined;
}

/** The root of a command line that could not be run: its arguments are all that is known. */
function rootOf(args: readonly string[], environment: CommandEnvironment): string {
  const joined = args.findLast((argument) => argument.startsWith("--root="));
  if (joined !== undefined) return joined.slice("--root=".length);
  const index = args.lastIndexOf("--root");
  return (index === -1 ? undefined : args[index + 1]) ?? rootFromEnvironment(environment);
}
