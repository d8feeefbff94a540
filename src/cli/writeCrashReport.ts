import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSecretName, MASK } from "../config/secrets.js";
import { loggable } from "../telemetry/logFields.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";

/** What went wrong, and in which command. */
export interface Crash {
  readonly error: unknown;
  /** The command line without the program's own name. */
  readonly args: readonly string[];
  readonly version: string;
  /** The node's data directory. */
  readonly root: string;
}

/** Only its owner may read a report: it may tell about the node's files. */
const REPORT_MODE = 0o600;

/**
 * Writes down an internal error for its reporter: `<root>/var/run/muster-crash-<time>-<pid>.txt`, or in the
 * temporary folder if that can't be written.
 *
 * @returns the report's path; undefined when no place could take it
 */
export function writeCrashReport(crash: Crash, environment: CommandEnvironment): string | undefined {
  const time = new Date(environment.wallTime()).toISOString();
  const name = `muster-crash-${time.replace(/[:.]/g, "-")}-${environment.processId}.txt`;
  const text = [
    `muster ${crash.version} on Node.js ${process.version}, ${process.platform} ${process.arch}`,
    `time: ${time}`,
    `command: muster ${withoutSecrets(crash.args).join(" ")}`,
    "",
    describe(crash.error),
    "",
  ].join("\n");
  for (const folder of [join(crash.root, "var", "run"), environment.temporaryFolder]) {
    try {
      // A root that does not exist is no root: nothing is made there.
      if (existsSync(crash.root)) mkdirSync(folder, { recursive: true });
      const path = join(folder, name);
      writeFileSync(path, text, { mode: REPORT_MODE, flag: "wx" });
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The error with its stacks and causes; values of secret names are masked. */
function describe(error: unknown): string {
  const shown = JSON.stringify(loggable(error), null, 2) ?? "undefined was thrown";
  // Stacks are read by people: their line ends are line ends.
  return shown.replaceAll("\\n", "\n");
}

/** Values of secret names are masked: `--password x`, `--token=x`, `password=x`. */
function withoutSecrets(args: readonly string[]): string[] {
  return args.map((argument, index) => {
    const [name = "", ...value] = argument.split("=");
    if (value.length > 0 && isSecretName(name)) return `${name}=${MASK}`;
    const before = args[index - 1];
    return before !== undefined && before.startsWith("--") && !before.includes("=") && isSecretName(before)
      ? MASK
      : argument;
  });
}
