import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { resolveNodeConfig } from "../config/resolveNodeConfig.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { configSource } from "./configSource.js";
import { musterVersion } from "./musterVersion.js";
import { rootOption } from "./rootOption.js";
import { runNode } from "./runNode.js";

interface DaemonOptions {
  readonly root: string;
  readonly foreground: boolean;
  readonly debug: number;
  readonly version: boolean;
  readonly stayRoot: boolean;
  readonly test: boolean;
  readonly config?: string;
  readonly child: boolean;
}

/** The account that the reference's daemon runs as. */
const DAEMON_USER = "wazuh";
/** Milliseconds in which a node in the background must serve. */
const START_DEADLINE = 120_000;
/** Characters of a failed start's errors that are passed on. */
const LONGEST_ERROR = 64 * 1024;
const LEVELS = ["info", "debug", "debug2"] as const;
const READY = "ready";

/** `muster clusterd`: the command line of the reference's daemon, for its start scripts (dapi.md 4.4). */
export function register(program: Command, environment: CommandEnvironment): void {
  program
    .command("clusterd")
    .description("a node with the command line of wazuh-clusterd: in the background, as user wazuh")
    .addOption(rootOption(environment))
    .option("-f", "in the foreground")
    .option("-b", "in the background, which is the default")
    .option("-d", "debug lines; twice: more of them", (_: string, before: number) => before + 1, 0)
    .option("-V", "print the version and stop")
    .option("-r", "stay root")
    .option("-t", "test the configuration and stop")
    .option("-c <file>", "another ossec.conf than <root>/etc/ossec.conf")
    .option("--as-child", "started by a muster that waits for this one to serve")
    .action((given: Readonly<Record<string, unknown>>) => runDaemon(optionsOf(given), environment));
}

function optionsOf(given: Readonly<Record<string, unknown>>): DaemonOptions {
  const config = given.c;
  return {
    root: String(given.root),
    foreground: given.f === true,
    debug: Number(given.d),
    version: given.V === true,
    stayRoot: given.r === true,
    test: given.t === true,
    child: given.asChild === true,
    ...(typeof config === "string" ? { config } : {}),
  };
}

async function runDaemon(options: DaemonOptions, environment: CommandEnvironment): Promise<void> {
  if (options.version) {
    environment.stdout.write(`\nmuster ${musterVersion()} - speaks the protocol of Wazuh's cluster\n\nLicensed under the Apache License, version 2.0.\n`);
    return;
  }
  const level = LEVELS[internalDebugLevel(options.root) ?? options.debug];
  const { source, warnings: ignored } = configSource(options, environment, [
    { path: "log.level", option: "-d", text: level === "info" ? undefined : level },
  ]);
  const { config, warnings } = resolveNodeConfig(source);
  if (options.test || config.cluster.disabled) return;
  if (!options.foreground && !options.child) {
    await startInBackground(options, environment);
    return;
  }
  if (!options.child) environment.stdout.write(`Starting cluster in foreground (pid: ${environment.processId})\n`);
  const user = options.stayRoot ? null : (config.settings.daemon.user ?? DAEMON_USER);
  const onServing = options.child ? tellParent : undefined;
  await runNode({ config, source, warnings: [...ignored, ...warnings], user, onServing }, environment);
}

/** The process that started this one goes its own way once it knows. */
function tellParent(): void {
  process.send?.(READY, () => {
    process.disconnect();
  });
}

/** Starts the same command in a process of its own; resolves when it serves. @throws CommandFailure with what it said */
async function startInBackground(options: DaemonOptions, environment: CommandEnvironment): Promise<void> {
  const program = process.argv[1];
  if (program === undefined) throw CommandFailure.wrongUsage("the background needs a program to start. Use -f");
  const args = ["clusterd", "--root", options.root, "--as-child", ...(options.stayRoot ? ["-r"] : [])];
  for (let count = 0; count < options.debug; count += 1) args.push("-d");
  if (options.config !== undefined) args.push("-c", options.config);
  // Under the daemon's name the arguments are its own.
  const own = program.endsWith("wazuh-clusterd") ? args.slice(3) : args;
  const child = spawn(process.execPath, [...process.execArgv, program, ...own], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...environment.variables, MUSTER_ROOT: options.root },
  });
  let said = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    if (said.length < LONGEST_ERROR) said += bytes.toString("utf8");
  });
  const outcome = await new Promise<string>((resolve) => {
    const timer = setTimeout(() => {
      resolve(`the node did not serve within ${START_DEADLINE / 1000} s; logs/cluster.log tells more`);
    }, START_DEADLINE);
    const settle = (text: string): void => {
      clearTimeout(timer);
      resolve(text);
    };
    child.once("error", (error) => settle(`the node could not be started: ${error.message}`));
    child.once("close", (status, signal) => settle(said.trim() === "" ? `the node ended with ${signal ?? `status ${status}`} before it served` : said.trim()));
    child.on("message", (message) => {
      if (message === READY) settle("");
    });
    environment.stop.addEventListener("abort", () => settle("stopped before the node served"), { once: true });
  });
  if (outcome === "") {
    child.stderr?.destroy();
    if (child.connected) child.disconnect();
    child.unref();
    return;
  }
  child.kill("SIGKILL");
  throw new CommandFailure(outcome.replace(/^muster: /, ""));
}

/**
 * `wazuh_clusterd.debug` of the internal options, the local file over the other (dapi.md 4.4).
 *
 * @returns undefined when it is 0, no number, or not there: then the command line counts
 */
function internalDebugLevel(root: string): number | undefined {
  for (const name of ["local_internal_options.conf", "internal_options.conf"]) {
    let text: string;
    try {
      text = readFileSync(join(root, "etc", name), "utf8");
    } catch {
      continue;
    }
    const level = /^\s*wazuh_clusterd\.debug\s*=\s*([0-2])\s*$/m.exec(text)?.[1];
    if (level !== undefined) return level === "0" ? undefined : Number(level);
  }
  return undefined;
}
