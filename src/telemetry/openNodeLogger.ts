import { join } from "node:path";
import { BufferedSink } from "./BufferedSink.js";
import type { SinkClock } from "./BufferedSink.js";
import { createLogger } from "./createLogger.js";
import type { RootLogger } from "./createLogger.js";
import { HumanSink } from "./HumanSink.js";
import type { LogContext, LogLevel } from "./Logger.js";
import { descriptorDestination } from "./LogDestination.js";
import type { LogDestination } from "./LogDestination.js";
import type { LogSink } from "./LogSink.js";
import { RotatingLogFile } from "./RotatingLogFile.js";
import type { RotationRules } from "./RotatingLogFile.js";

/** How the lines of `logs/cluster.log` look. */
type LogFileFormat = "reference" | "json";

/** What a node's logger needs. */
export interface NodeLoggerOptions {
  /** The node's data directory; the file is `<root>/logs/cluster.log`. */
  readonly root: string;
  readonly level: LogLevel;
  readonly context?: LogContext;
  /** The cluster's keys and other texts that must never appear. */
  readonly secrets: readonly string[];
  readonly clock: SinkClock & { wallTime(): number };
  /** Lines for people on a terminal, JSON lines otherwise. */
  readonly output: { readonly isTerminal: boolean; readonly colour: boolean };
  /** Lines of the file: as the reference writes them, so that log rules apply, or JSON with all fields. @default reference */
  readonly fileFormat?: LogFileFormat;
  /** @default standard output */
  readonly destination?: LogDestination;
  /** When the file is put aside. @default never */
  readonly rotation?: RotationRules;
  /** Gets every line as well, as JSON: who watches the node. */
  readonly tap?: LogSink;
}

/** A node's logger, whose file others may put aside. */
export interface NodeLogger extends RootLogger {
  /** Opens `logs/cluster.log` anew before the next line. */
  reopen(): void;
}

const STANDARD_OUTPUT = 1;

/**
 * A node's logger: to standard output, and in the reference's format to `logs/cluster.log`. A file that can't be
 * opened or written is told on standard output once, and costs nothing else.
 */
export async function openNodeLogger(options: NodeLoggerOptions): Promise<NodeLogger> {
  const { clock, level, output, root } = options;
  const path = join(root, "logs", "cluster.log");
  const plain = new BufferedSink(options.destination ?? descriptorDestination(STANDARD_OUTPUT), { clock });
  const visible: LogSink = output.isTerminal
    ? new HumanSink(plain, { colour: output.colour, stacks: level === "debug2" })
    : plain;
  const common = {
    level,
    wallTime: () => clock.wallTime(),
    secrets: options.secrets,
    ...(options.context === undefined ? {} : { context: options.context }),
  };
  const others = options.tap === undefined ? [] : [options.tap];
  const visibleOnly = createLogger({ ...common, sinks: [visible, ...others] });
  const onTrouble = (error: Error): void => {
    visibleOnly.error(
      `Lines can't be written to ${path}: ${error.message}. Free space or let muster write there; it goes on without the file.`,
      { error },
    );
  };

  const rules = options.rotation ?? { daily: false, bytes: Number.POSITIVE_INFINITY, keep: Number.POSITIVE_INFINITY };
  const file = await RotatingLogFile.open({ path, rules, wallTime: common.wallTime, onTrouble }).catch((error: unknown) => {
    onTrouble(error instanceof Error ? error : new Error(String(error)));
    return undefined;
  });
  if (file === undefined) return Object.assign(visibleOnly, { reopen: () => undefined });
  const written = new BufferedSink(file, {
    clock,
    onTrouble,
    onRecovered: (lines) => logger.warn(`${lines} log lines were lost while ${path} could not be written.`),
  });
  const fileSink: LogSink =
    options.fileFormat === "json" ? written : new HumanSink(written, { colour: false, stacks: level === "debug2" });
  const logger = createLogger({ ...common, sinks: [visible, fileSink, ...others] });
  return Object.assign(logger, {
    reopen: () => {
      file.reopen();
    },
  });
}
