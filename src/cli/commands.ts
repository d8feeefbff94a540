import type { Command } from "commander";
import type { CommandEnvironment } from "./CommandEnvironment.js";

/**
 * A command's module. `register` adds the command with its options to the program; its action prints to
 * the environment's outputs, and throws a CommandFailure or a MusterError when it can't do its work.
 */
export interface CommandModule {
  register(program: Command, environment: CommandEnvironment): void;
}

/** One line of the table of commands. */
export interface CommandEntry {
  readonly name: string;
  /** One line for `muster --help`. */
  readonly summary: string;
  /** Imported only when the command is asked for: most commands need little of muster. */
  readonly load: () => Promise<CommandModule>;
}

/** All commands, in the order of `muster --help`. A new command is a file and a line here. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "run",
    summary: "run a node in the foreground until it is told to stop",
    load: () => import("./runCommand.js"),
  },
  {
    name: "demo",
    summary: "run a master and two workers that keep real files in step, and show what they do",
    load: () => import("./demoCommand.js"),
  },
  {
    name: "control",
    summary: "show the cluster's nodes, agents and health, asked of a running node",
    load: () => import("./controlCommand.js"),
  },
  {
    name: "call",
    summary: "ask for one function of the distributed API, on one node or many",
    load: () => import("./callCommand.js"),
  },
  {
    name: "config",
    summary: "check a node's configuration, or show it with where each value comes from",
    load: () => import("./configCommand.js"),
  },
  {
    name: "probe",
    summary: "tell what a master accepts, without joining its cluster",
    load: () => import("./probeCommand.js"),
  },
  {
    name: "agents",
    summary: "import agents into the node's embedded store, or list them",
    load: () => import("./agentsCommand.js"),
  },
  {
    name: "key",
    summary: "list the cluster keys, or change them without a stop",
    load: () => import("./keyCommand.js"),
  },
  {
    name: "users",
    summary: "list the users of the node's HTTP API, add, change or remove one",
    load: () => import("./usersCommand.js"),
  },
  {
    name: "clusterd",
    summary: "a node with the command line of wazuh-clusterd, for its start scripts",
    load: () => import("./clusterdCommand.js"),
  },
  {
    name: "trace",
    summary: "tell a recorded trace as a story, and check it against the machines",
    load: () => import("./traceCommand.js"),
  },
];
