import type { Command } from "commander";
import { resolveNodeConfig } from "../config/resolveNodeConfig.js";
import { LinkTls } from "../node/ports/LinkTls.js";
import { systemClock } from "../node/ports/systemClock.js";
import { systemRandom } from "../node/ports/systemRandom.js";
import { probeMaster, type ProbeFinding } from "../node/probeMaster.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { addConfigOptions, configSource, type ConfigOptions } from "./configSource.js";

const STRICT = "It speaks dialect 4.14, of version 4.14.6 or later.";
const LENIENT = "It looks at names as dialect 4.3-zip does, and dialect 4.14 before 4.14.6; so does a master of muster that has no setting and no worker yet.";

/** `muster probe HOST:PORT --root DIR`: what a master accepts, without joining its cluster. */
export function register(program: Command, environment: CommandEnvironment): void {
  addConfigOptions(program.command("probe").description("tell what a master accepts, with this node's key and names, without joining its cluster"), environment)
    .argument("<host:port>", "the master's address")
    .action((address: string, options: ConfigOptions) => probe(address, options, environment));
}

async function probe(address: string, options: ConfigOptions, environment: CommandEnvironment): Promise<void> {
  const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (host === "" || Number(port) < 1 || Number(port) > 65_535) {
    throw CommandFailure.wrongUsage(`'${address}' is no address: write HOST:PORT, for example 10.0.0.1:1516`);
  }
  const { root, cluster, keys, settings } = resolveNodeConfig(configSource(options, environment).source).config;
  const { name: clusterName, nodeName } = cluster;
  const [key] = keys;
  if (key === undefined) throw new CommandFailure(`the configuration of ${root} has no key to ask with: set <key> in etc/ossec.conf, or keys.files`);
  const tls = settings.tls.enabled ? await LinkTls.load(root, settings.tls) : undefined;
  let finding: ProbeFinding;
  try {
    finding = await probeMaster({ tls, host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port), key, clusterName, nodeName, clock: systemClock, random: systemRandom });
  } catch (error) {
    throw CommandFailure.unreachable(error instanceof Error ? error.message : String(error), error);
  }
  if (finding.kind === "noAnswer") {
    throw new CommandFailure(`${address} closed the connection without an answer: <key> in etc/ossec.conf is not the master's, or no master listens there`);
  }
  const lines = [`${address} reads this node's key.`, finding.strictNames ? STRICT : LENIENT];
  switch (finding.kind) {
    case "versionOpen":
      lines.push(`It takes a node ${nodeName} of cluster ${clusterName}, if its version is exactly the master's: set it with --node-version.`);
      environment.stdout.write(`${lines.join("\n")}\n`);
      return;
    case "nodeNameRefused":
      throw new CommandFailure(`the master takes no node of the name ${nodeName}: letters, digits, _ and - are allowed`, { lines });
    case "nameInUse":
      throw new CommandFailure(`a node ${nodeName} is connected to the master already`, { lines });
    case "masterName":
      throw new CommandFailure(`${nodeName} is the master's own name: give this node another <node_name>`, { lines });
    case "otherCluster":
      throw new CommandFailure(`the master's cluster is not named ${clusterName}: correct <name> in etc/ossec.conf`, { lines });
    case "other":
      throw new CommandFailure(`the master refuses this node: ${finding.error}`, { lines });
  }
}
