import { Command } from "commander";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import type { CommandEntry } from "./commands.js";
import { COMMANDS } from "./commands.js";
import { ExitCode } from "./ExitCode.js";
import { musterVersion } from "./musterVersion.js";
import { reportFailure } from "./reportFailure.js";

/**
 * Runs one command line and tells how it ended; never throws.
 *
 * @param args the command line without interpreter and program name
 * @param entries the commands; muster's own unless a test brings others
 */
export async function runCli(
  args: readonly string[],
  environment: CommandEnvironment,
  entries: readonly CommandEntry[] = COMMANDS,
): Promise<ExitCode> {
  try {
    const program = await buildProgram(args, environment, entries);
    await program.parseAsync(args, { from: "user" });
    return ExitCode.done;
  } catch (error) {
    return reportFailure(error, args, environment);
  }
}

/** The program with the commands that `args` name in full, and the others by name only. */
async function buildProgram(
  args: readonly string[],
  environment: CommandEnvironment,
  entries: readonly CommandEntry[],
): Promise<Command> {
  const program = new Command("muster")
    .description("A cluster daemon that keeps the nodes of a Wazuh-style cluster in step.")
    .version(musterVersion(), "--version", "print the version and stop")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => environment.stdout.write(text),
      writeErr: (text) => environment.stderr.write(text),
      getOutHelpWidth: () => environment.stdout.columns ?? 80,
      getErrHelpWidth: () => environment.stderr.columns ?? 80,
      getOutHasColors: () => environment.stdout.hasColors?.() ?? false,
      getErrHasColors: () => environment.stderr.hasColors?.() ?? false,
    })
    .showHelpAfterError("(muster --help lists commands and options)");
  for (const entry of entries) {
    if (args.includes(entry.name)) (await entry.load()).register(program, environment);
    else program.command(entry.name).description(entry.summary);
  }
  return program;
}
