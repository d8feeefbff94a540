import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.js";
import { ExitCode } from "../../../src/cli/ExitCode.js";
import { testEnvironment } from "../cli/testEnvironment.js";
import { fileOf } from "./tables.js";

const SOURCE = fileOf("man/muster.1");

/** What a reader sees: fonts and requests are gone, a hyphen is a hyphen. */
const plain = (roff: string): string =>
  roff
    .replace(/^\.\\".*$/gm, "")
    .replace(/\\f[A-Z]/g, "")
    .replaceAll("\\-", "-")
    .replaceAll('"', "");

/** The section of each command, by its name. */
const SECTIONS = new Map(
  plain(SOURCE)
    .split(/^\.SH /m)
    .flatMap((section) => section.split(/^\.SS muster /m).slice(1))
    .map((section) => [section.split(/\s/)[0] ?? "", section] as const),
);

const commandOf = async (name: string): Promise<Command> => {
  const program = new Command("muster");
  (await COMMANDS.find((entry) => entry.name === name)?.load())?.register(program, testEnvironment());
  const [command] = program.commands;
  if (command === undefined) throw new Error(`${name} registered no command`);
  return command;
};

describe("man/muster.1", () => {
  test("has a section for each command and none for others", () => {
    expect([...SECTIONS.keys()].sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  test.each(COMMANDS.map(({ name }) => name))("lists the subcommands and options of %s, and no others", async (name) => {
    const command = await commandOf(name);
    const section = SECTIONS.get(name) ?? "";
    const [head = ""] = section.split("\n");
    for (const sub of command.commands) expect(head.split(/[\s|]+/)).toContain(sub.name());
    const options = [command, ...command.commands].flatMap(({ options: own }) => own.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined)));
    const listed = [...section.matchAll(/^\.TP\n\.\S+ (--?[\w-]+)/gm)].map(([, option = ""]) => option);
    expect(listed.sort()).toEqual([...new Set(options)].sort());
    // Some commands load all of muster.
  }, 60_000);

  test("has every exit status, and the product's version", () => {
    const statuses = SOURCE.split(".SH EXIT STATUS")[1]?.split(".SH ")[0] ?? "";
    for (const status of Object.values(ExitCode).filter((value) => typeof value === "number")) expect(statuses).toMatch(new RegExp(`^\\.BR? ${status}\\b`, "m"));
    const { version } = JSON.parse(fileOf("package.json")) as { version: string };
    expect(SOURCE).toContain(`"muster ${version}"`);
  });
});

const formatter = await promisify(execFile)("groff", ["--version"]).then(
  () => true,
  () => false,
);
if (!formatter) process.stdout.write("Skipped, for lack of the program groff: what it says of man/muster.1.\n");
test.skipIf(!formatter)("groff finds no fault with man/muster.1", async () => {
  const { stdout, stderr } = await promisify(execFile)("groff", ["-man", "-Tutf8", "-ww", "-z", fileURLToPath(new URL("../../../man/muster.1", import.meta.url))], { timeout: 20_000 });
  expect(stdout + stderr).toBe("");
});
