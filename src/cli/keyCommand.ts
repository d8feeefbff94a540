import { randomInt } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { NodeConfig } from "../config/NodeConfig.js";
import { resolveNodeConfig } from "../config/resolveNodeConfig.js";
import { fingerprintOf } from "../node/ClusterKeys.js";
import { KEY_STATUS_FILE } from "../node/KeyStatusFile.js";
import type { KeyStatus } from "../node/KeyStatusFile.js";
import { lockHolder } from "../node/ports/rootLock.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { addConfigOptions, configSource } from "./configSource.js";
import type { ConfigOptions } from "./configSource.js";
import { readKeyFile, writeKeyFile } from "./key/KeyFile.js";
import type { RotatedKey } from "./key/KeyFile.js";
import { nextStep } from "./key/nextStep.js";

interface RotateOptions extends ConfigOptions {
  readonly from?: string;
}

const KEY_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const KEY_LENGTH = 32;
/** Milliseconds in which a running node must take up its keys, and a worker's master answer. */
const RELOAD_DEADLINE = 20_000;
const LOOK_INTERVAL = 100;

/** `muster key list` and `muster key rotate` (docs/configuration.md, keys). */
export function register(program: Command, environment: CommandEnvironment): void {
  const key = addConfigOptions(program.command("key").description("list the cluster keys, or change them without a stop"), environment);
  key
    .command("list")
    .description("print the fingerprints of the accepted keys, and those that the peers use")
    .action((_: unknown, command: Command) => list(command.optsWithGlobals(), environment));
  key
    .command("rotate")
    .description("take the next step of a change of keys on this node")
    .option("--from <file>", "on a worker: a copy of the master's key file")
    .action((_: unknown, command: Command) => rotate(command.optsWithGlobals(), environment));
}

async function list(options: ConfigOptions, environment: CommandEnvironment): Promise<void> {
  const { config } = resolveNodeConfig(configSource(options, environment).source);
  const say = (text: string): unknown => environment.stdout.write(`${text}\n`);
  config.keys.forEach((text, index) => say(`${fingerprintOf(text)}  accepted${index === 0 ? ", used for sending" : ""}`));
  const status = await statusOf(config.root);
  if (status === undefined) {
    say("No node runs in this root.");
    return;
  }
  if (status.accepted.join() !== config.keys.map(fingerprintOf).join()) say(`The running node still accepts ${status.accepted.join(", ")}: send it SIGHUP.`);
  for (const [name, used] of Object.entries(status.peers)) say(`${used}  used by ${name}`);
}

async function rotate(options: RotateOptions, environment: CommandEnvironment): Promise<void> {
  const { config } = resolveNodeConfig(configSource(options, environment).source);
  const { root } = config;
  const path = keyFileOf(config);
  const status = await statusOf(root);
  if (status === undefined) throw CommandFailure.unreachable(`no node runs in ${root}. Keys are changed while the cluster runs: start it first`);
  const keys = (await readKeyFile(path)) ?? config.keys.map((text): RotatedKey => ({ text, role: "plain" }));
  // An interrupted call may have written keys that the node has not taken up.
  if (status.accepted.join() !== keys.map(({ text }) => fingerprintOf(text)).join()) await takeUp(root, status.pid, keys, false);
  const fresh = (await statusOf(root)) ?? status;
  const given = options.from === undefined ? undefined : await keyIn(options.from, keys);
  const step = nextStep({ nodeType: config.cluster.nodeType, keys, status: fresh, given, fingerprintOf });
  const say = (text: string): unknown => environment.stdout.write(`${text}\n`);
  if (step.kind === "wait") throw new CommandFailure(step.why);
  const after = step.kind === "write" ? step.keys : [...keys, { text: newKey(), role: "next" as const }];
  const existed = (await readKeyFile(path)) !== undefined;
  await writeKeyFile(path, after, join(root, "etc"));
  try {
    await takeUp(root, fresh.pid, after, step.kind === "write" && step.mustProve);
  } catch (error) {
    if (existed) await writeKeyFile(path, keys, path);
    else await rm(path, { force: true });
    await takeUp(root, fresh.pid, keys, false).catch(() => undefined);
    throw new CommandFailure(`${error instanceof Error ? error.message : String(error)}. The keys are as they were before`, { cause: error });
  }
  say(step.kind === "write" ? step.did : `This node accepts a new key, ${fingerprintOf(after.at(-1)?.text ?? "")}, beside the one in use. It is in ${path}.`);
  say(`Next: ${step.then}`);
}

/** The one file that the node's keys are, or can be, in. */
function keyFileOf({ root, settings }: NodeConfig): string {
  const [path = "", ...others] = settings.keys.files;
  if (others.length > 0) throw new CommandFailure("keys.files names several files: change the keys in them by hand, docs/configuration.md tells how");
  return isAbsolute(path) ? path : join(root, path);
}

/** The key of a master's file that this worker is to change to. */
async function keyIn(file: string, own: readonly RotatedKey[]): Promise<string> {
  const keys = await readKeyFile(file);
  if (keys === undefined) throw new CommandFailure(`${file}: there is no such file`);
  const next = keys.find(({ role }) => role === "next") ?? keys.find(({ text }) => !own.some((key) => key.text === text)) ?? keys[0];
  if (next === undefined) throw new CommandFailure(`${file} holds no key`);
  return next.text;
}

/** Has the running node read its keys again, and waits until it says that it uses them. */
async function takeUp(root: string, pid: number, keys: readonly RotatedKey[], mustProve: boolean): Promise<void> {
  const wanted = keys.map(({ text }) => fingerprintOf(text));
  process.kill(pid, "SIGHUP");
  const deadline = performance.now() + RELOAD_DEADLINE;
  for (;;) {
    const status = await statusOf(root);
    if (status === undefined) throw new Error("the node has ended");
    const isTaken = status.accepted.join() === wanted.join();
    if (isTaken && (!mustProve || status.proven === wanted[0])) return;
    if (performance.now() > deadline) {
      throw new Error(isTaken ? "the master did not answer a message with the new key: does it accept it?" : "the node did not take up its keys; logs/cluster.log tells why");
    }
    await delay(LOOK_INTERVAL);
  }
}

/** What the node that runs in a root tells of its keys; undefined when none runs. */
async function statusOf(root: string): Promise<KeyStatus | undefined> {
  const pid = await lockHolder(root);
  if (pid === undefined) return undefined;
  const text = await readFile(join(root, KEY_STATUS_FILE), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const status = JSON.parse(text) as KeyStatus;
  return status.pid === pid ? status : undefined;
}

function newKey(): string {
  return Array.from({ length: KEY_LENGTH }, () => KEY_CHARACTERS[randomInt(KEY_CHARACTERS.length)] ?? "").join("");
}
