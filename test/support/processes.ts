import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

// What tests with real nodes need stands together here, each in its own file.
export { freePort } from "./freePort.js";
export { makeRoot, readTree, writeTree } from "./nodeRoot.js";
export { waitUntil } from "./waitUntil.js";

const PROGRAM = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
const LOG_TIMEOUT = 150_000;
/** Longer than a node gives its connections to drain. */
const STOP_TIMEOUT = 150_000;
const SHOWN_LINES = 30;

/** One line of a node's log; fields that tests don't name are there as well. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** How a process ended: one of both is null. */
export interface ProcessEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WaitForLogOptions {
  /** Milliseconds. @default 20,000 */
  readonly timeout?: number;
  /** Lines before this index don't count: `node.logs.length` waits for a new one. @default 0 */
  readonly from?: number;
}

export interface StartNodeOptions {
  readonly root: string;
  /** More of the command line, for example `["--log-level", "debug"]`. */
  readonly args?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A process of `muster`, and what it has printed so far. */
export class MusterProcess {
  /** The JSON lines of standard output, in order. */
  readonly logs: LogLine[] = [];
  /** Every line of both streams as it was printed. */
  readonly printed: string[] = [];
  readonly pid: number;
  /** Resolves when the process has ended and all that it printed was read. */
  readonly ended: Promise<ProcessEnd>;
  #end: ProcessEnd | undefined;
  readonly #listeners = new Set<() => void>();

  /** @param args the command line after the program's name */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    if (!existsSync(PROGRAM)) throw new Error(`there is no ${PROGRAM}: run \`npm run build\` first`);
    // Its own process group, so that all that it starts can be ended with it.
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    if (child.pid === undefined) throw new Error(`${process.execPath} could not be started`);
    this.pid = child.pid;
    RUNNING.add(this);
    eachLine(child.stdout, (line) => this.#take(line, parseLogLine(line)));
    eachLine(child.stderr, (line) => this.#take(line, undefined));
    this.ended = new Promise((resolve) => {
      child.once("close", (status, signal) => {
        this.#end = { status, signal };
        RUNNING.delete(this);
        this.#changed();
        resolve(this.#end);
      });
    });
  }

  /** How the process ended; undefined while it runs. */
  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  /**
   * Waits for a log line, which may have been printed already.
   *
   * @param wanted a part of the message, a pattern of it, or a judgement of the whole line
   * @throws Error with the last lines printed, after the timeout or when the process ends without the line
   */
  waitForLog(
    wanted: string | RegExp | ((line: LogLine) => boolean),
    options: WaitForLogOptions = {},
  ): Promise<LogLine> {
    const { timeout = LOG_TIMEOUT, from = 0 } = options;
    const isWanted =
      typeof wanted === "function"
        ? wanted
        : typeof wanted === "string"
          ? (line: LogLine) => line.message.includes(wanted)
          : (line: LogLine) => line.message.search(wanted) >= 0;
    let next = from;
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(deadline);
        this.#listeners.delete(look);
        outcome();
      };
      const fail = (why: string): void => {
        settle(() => reject(new Error(`no log line ${String(wanted)}: ${why}. Last lines:\n${this.tail()}`)));
      };
      const look = (): void => {
        for (; next < this.logs.length; next += 1) {
          const line = this.logs[next];
          if (line !== undefined && isWanted(line)) return settle(() => resolve(line));
        }
        if (this.#end !== undefined) fail(`the process ended (${describeEnd(this.#end)})`);
      };
      const deadline = setTimeout(() => fail(`none came within ${timeout} ms`), timeout);
      this.#listeners.add(look);
      look();
    });
  }

  /** Asks the process to end (SIGTERM) and waits for it; kills it and throws when it does not. */
  async stop(timeout = STOP_TIMEOUT): Promise<ProcessEnd> {
    this.signal("SIGTERM");
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      deadline = setTimeout(() => resolve(undefined), timeout);
    });
    const end = await Promise.race([this.ended, late]);
    clearTimeout(deadline);
    if (end !== undefined) return end;
    await this.kill();
    throw new Error(`the process did not end within ${timeout} ms of SIGTERM. Last lines:\n${this.tail()}`);
  }

  /** Ends the process and all that it started at once (SIGKILL). */
  kill(): Promise<ProcessEnd> {
    killGroup(this.pid);
    return this.ended;
  }

  /** Sends a signal to the process alone: SIGHUP, SIGSTOP, SIGCONT, … Does nothing when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#end === undefined) process.kill(this.pid, signal);
  }

  /** The last lines printed, for a failing test's message. */
  tail(lines = SHOWN_LINES): string {
    return this.printed.slice(-lines).join("\n");
  }

  #take(line: string, log: LogLine | undefined): void {
    this.printed.push(line);
    if (log !== undefined) this.logs.push(log);
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Starts `muster run --root <root>`. It is ended with the test file at the latest. */
export function startNode({ root, args = [], env = {} }: StartNodeOptions): MusterProcess {
  // Several nodes on one machine can't all have the HTTP API's usual port.
  const http = args.includes("--http") ? [] : ["--http", "off"];
  return new MusterProcess(["run", "--root", root, ...http, ...args], env);
}

/** Runs another command of `muster` to its end. */
export async function runCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ProcessEnd & { readonly output: string }> {
  const command = new MusterProcess(args, env);
  const end = await command.ended;
  return { ...end, output: command.printed.join("\n") };
}

/** The processes of this test file that run: none outlives it, however it ends. */
const RUNNING = new Set<MusterProcess>();

const killAll = (): void => {
  for (const { pid } of RUNNING) killGroup(pid);
};
afterAll(async () => {
  killAll();
  await Promise.all([...RUNNING].map((running) => running.ended));
});
process.once("exit", killAll);
process.once("SIGTERM", () => process.exit(143));

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of the group have ended already.
  }
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
  });
  stream.on("end", () => {
    if (rest !== "") take(rest);
  });
}

function parseLogLine(line: string): LogLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isLogLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLogLine(value: unknown): value is LogLine {
  return (
    typeof value === "object" &&
    value !== null &&
    "message" in value &&
    typeof value.message === "string" &&
    "level" in value
  );
}

function describeEnd({ status, signal }: ProcessEnd): string {
  return signal === null ? `status ${status}` : signal;
}
