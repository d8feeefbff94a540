import { rm } from "node:fs/promises";
import { Option, type Command } from "commander";
import { generatePassword } from "../http/auth/passwords.js";
import { createSmallFile } from "../http/auth/smallFiles.js";
import { ROLES, type Role } from "../http/auth/User.js";
import { UserStore } from "../http/auth/UserStore.js";
import { HttpError } from "../http/HttpError.js";
import { DEFAULT_HTTP_SETTINGS } from "../http/HttpSettings.js";
import { HttpStartError } from "../http/HttpStartError.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { plainTable } from "./control/plainTable.js";
import { rootOption } from "./rootOption.js";

/** Bytes of standard input that are read for a password; the longest password has fewer. */
const INPUT_BYTES = 4_096;

interface UsersOptions {
  readonly root: string;
  readonly json?: boolean;
  readonly role?: readonly Role[];
  readonly passwordStdin?: boolean;
  readonly passwordFile?: string;
}

/**
 * `muster users --root DIR list|add|set|remove` (docs/http.md, Users). Works on the node's files, beside a running node,
 * too. A password is never an argument: others on the machine could read it there.
 */
export function register(program: Command, environment: CommandEnvironment): void {
  const users = program
    .command("users")
    .description("the users of the node's HTTP API; a running node takes a change up within a second")
    .addOption(rootOption(environment));
  users
    .command("list")
    .description("print the users and their roles")
    .option("--json", "as JSON")
    .action((_: unknown, command: Command) => list(command.optsWithGlobals(), environment));
  withPassword(users.command("add"))
    .description("add a user")
    .argument("<name>")
    .addOption(roleOption().default(["readonly"]))
    .action((name: string, _: unknown, command: Command) => add(name, command.optsWithGlobals(), environment));
  withPassword(users.command("set"))
    .description("change a user's password, roles or both; the tokens that the user has end")
    .argument("<name>")
    .addOption(roleOption())
    .action((name: string, _: unknown, command: Command) => change(name, command.optsWithGlobals(), environment));
  users
    .command("remove")
    .description("remove a user; the last administrator stays")
    .argument("<name>")
    .action((name: string, _: unknown, command: Command) => remove(name, command.optsWithGlobals(), environment));
}

function withPassword(command: Command): Command {
  return command
    .addOption(new Option("--password-stdin", "the password is the first line of standard input").conflicts("passwordFile"))
    .addOption(new Option("--password-file <file>", "a password is made, and written to this new file"));
}

function roleOption(): Option {
  return new Option("--role <role...>", "what the user may do").choices(ROLES);
}

async function list({ root, json }: UsersOptions, { stdout }: CommandEnvironment): Promise<void> {
  const users = (await storeOf(root)).list().map(({ name, roles }) => ({ username: name, roles }));
  if (json === true) stdout.write(`${JSON.stringify(users, null, 2)}\n`);
  else stdout.write(plainTable(["user", "roles"], users.map(({ username, roles }) => [username, roles.join(", ")])));
}

async function add(name: string, options: UsersOptions, environment: CommandEnvironment): Promise<void> {
  const store = await storeOf(options.root);
  const { role = [] } = options;
  const done = await withNewPassword(options, environment, (password) => {
    if (password === undefined) throw CommandFailure.wrongUsage("a new user needs a password: --password-stdin, or --password-file FILE.");
    return store.add(name, password, role);
  });
  environment.stdout.write(`User ${name} was added (${role.join(", ")}).${done}\n`);
}

async function change(name: string, options: UsersOptions, environment: CommandEnvironment): Promise<void> {
  const store = await storeOf(options.root);
  const { role } = options;
  const done = await withNewPassword(options, environment, (password) => {
    if (password === undefined && role === undefined) throw CommandFailure.wrongUsage("nothing to change: give --role, --password-stdin or --password-file FILE.");
    return store.update(name, { ...(password === undefined ? {} : { password }), ...(role === undefined ? {} : { roles: role }) });
  });
  environment.stdout.write(`User ${name} was changed.${done}\n`);
}

async function remove(name: string, { root }: UsersOptions, { stdout }: CommandEnvironment): Promise<void> {
  const store = await storeOf(root);
  await told(() => store.remove(name));
  stdout.write(`User ${name} was removed.\n`);
}

/** Does work with the password that the options name; a file that was made for it goes again when the work fails. */
async function withNewPassword(options: UsersOptions, environment: CommandEnvironment, work: (password: string | undefined) => Promise<void>): Promise<string> {
  const { passwordFile, passwordStdin } = options;
  if (passwordFile === undefined) {
    const password = passwordStdin === true ? await passwordFrom(environment) : undefined;
    await told(() => work(password));
    return "";
  }
  const password = generatePassword();
  const isNew = await createSmallFile(passwordFile, `${password}\n`).catch((error: unknown) => {
    throw new CommandFailure(`${passwordFile} can't be written: ${(error as Error).message}`, { cause: error });
  });
  if (!isNew) throw new CommandFailure(`${passwordFile} exists already: name a file that does not`);
  try {
    await told(() => work(password));
  } catch (error) {
    await rm(passwordFile, { force: true });
    throw error;
  }
  return ` The password is in ${passwordFile}.`;
}

async function passwordFrom({ readInput }: CommandEnvironment): Promise<string> {
  const text = await readInput(INPUT_BYTES).catch((error: unknown) => {
    throw new CommandFailure(`no password could be read: ${(error as Error).message}`, { cause: error });
  });
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line === "") throw new CommandFailure("standard input has no password in its first line");
  return line;
}

async function storeOf(root: string): Promise<UserStore> {
  try {
    return await UserStore.open(root, DEFAULT_HTTP_SETTINGS.users);
  } catch (error) {
    if (error instanceof HttpStartError) throw new CommandFailure(error.message, { cause: error });
    throw error;
  }
}

/** A refusal of the store, as a command tells it. */
async function told(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new CommandFailure(error.message, { lines: error.remediation === undefined ? [] : [error.remediation], cause: error });
  }
}
