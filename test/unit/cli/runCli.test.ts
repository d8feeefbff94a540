import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CommandFailure } from "../../../src/cli/CommandFailure.js";
import { COMMANDS } from "../../../src/cli/commands.js";
import type { CommandEntry } from "../../../src/cli/commands.js";
import { rootOption } from "../../../src/cli/rootOption.js";
import { runCli } from "../../../src/cli/runCli.js";
import { ConfigurationError } from "../../../src/config/ConfigurationError.js";
import { problem } from "../../../src/config/ConfigurationProblem.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { testEnvironment } from "./testEnvironment.js";

const VERSION = (
  JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string }
).version;

/** A command `do` whose action is given, and one that must not be loaded. */
function commands(action: (options: Record<string, unknown>) => unknown): CommandEntry[] {
  return [
    {
      name: "do",
      summary: "does what the test says",
      load: async () => ({
        register: (program, environment) => {
          program
            .command("do")
            .addOption(rootOption(environment))
            .option("--password <text>")
            .action(async (options: Record<string, unknown>) => {
              await action(options);
            });
        },
      }),
    },
    {
      name: "other",
      summary: "is never needed here",
      load: () => Promise.reject(new Error("loaded although nobody asked")),
    },
  ];
}

async function run(
  args: string[],
  action: (options: Record<string, unknown>) => unknown = () => undefined,
  environment = testEnvironment(),
) {
  const code = await runCli(args, environment, commands(action));
  return { code, out: environment.out(), err: environment.err() };
}
const failing = (error: Error) => run(["do", "--root", "/nowhere"], () => Promise.reject(error));

describe("muster", () => {
  it("prints its version", async () => {
    expect(await run(["--version"])).toEqual({ code: 0, out: `${VERSION}\n`, err: "" });
  });

  it("lists all commands without loading one", async () => {
    const { code, out } = await run(["--help"]);
    expect(code).toBe(0);
    expect(out).toContain("does what the test says");
    expect(out).toContain("is never needed here");
  });

  it("loads the command that is asked for, and no other", async () => {
    const { code, out } = await run(["do", "--help"]);
    expect(code).toBe(0);
    expect(out).toContain("--password");
    expect((await run(["help", "do"])).out).toContain("--password");
  });

  it.each([
    ["no command", []],
    ["an unknown command", ["dance"]],
    ["an unknown option", ["do", "--fast"]],
    ["an option without its value", ["do", "--root"]],
    ["an argument too many", ["do", "now"]],
  ])("ends with 2 for %s, explaining on stderr", async (_name, args) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toBe("");
  });

  it("ends with 0 when the command has done its work", async () => {
    expect(await run(["do"])).toEqual({ code: 0, out: "", err: "" });
  });

  it.each([
    ["the default", {}, [], "/var/ossec"],
    ["an empty variable", { MUSTER_ROOT: "" }, [], "/var/ossec"],
    ["the variable", { MUSTER_ROOT: "/m" }, [], "/m"],
    ["the option before the variable", { MUSTER_ROOT: "/m" }, ["--root", "/o"], "/o"],
  ])("takes the root from %s", async (_name, variables, args, root) => {
    let options: Record<string, unknown> = {};
    await run(["do", ...args], (given) => (options = given), testEnvironment({ variables }));
    expect(options.root).toBe(root);
  });
});

describe("what went wrong", () => {
  it("is a MusterError: 1, one line with its code", async () => {
    expect(await failing(MusterError.cluster(3022, "node9"))).toEqual({
      code: 1,
      out: "",
      err: "muster: Error 3022 - Unknown node ID: node9\n",
    });
  });

  it("is a wrong configuration: 1, one line with the first mistake and the number of the others", async () => {
    const { code, err } = await failing(
      new ConfigurationError([problem(3004, "a"), problem(3004, "b"), problem(3005, "c")]),
    );
    expect(code).toBe(1);
    expect(err).toBe(
      "muster: Error 3004 - Error in cluster configuration: a (and 2 more: muster config check lists all)\n",
    );
  });

  it("is what the command says", async () => {
    expect(await failing(new CommandFailure("no.", { lines: ["one", "two"] }))).toEqual({
      code: 1,
      out: "",
      err: "muster: no.\none\ntwo\n",
    });
    expect((await failing(CommandFailure.wrongUsage("not both."))).code).toBe(2);
    expect(await failing(CommandFailure.unreachable("the node does not answer."))).toEqual({
      code: 3,
      out: "",
      err: "muster: the node does not answer.\n",
    });
  });

  it("is a peer's internal error: a request error, no crash of ours", async () => {
    expect((await failing(MusterError.internal(1000, "remote"))).code).toBe(1);
  });
});

describe("a crash", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "muster-crash-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const NAME = "muster-crash-2026-01-02T03-04-05-678Z-4711.txt";
  const crash = (args: string[], error: Error, environment = testEnvironment()) =>
    run(["do", ...args], () => Promise.reject(error), environment);

  it("ends with 70 and names the report, which tells everything", async () => {
    const cause = new RangeError("deep reason");
    const { code, err } = await crash(["--root", root], new TypeError("x is not a function", { cause }));
    const path = join(root, "var", "run", NAME);
    expect(code).toBe(70);
    expect(err).toBe(`muster: internal error: x is not a function. The report is in ${path}.\n`);
    const report = await readFile(path, "utf8");
    expect(report).toContain(`muster ${VERSION} on Node.js ${process.version}`);
    expect(report).toContain("time: 2026-01-02T03:04:05.678Z");
    expect(report).toContain(`command: muster do --root ${root}`);
    expect(report).toContain("x is not a function");
    expect(report).toContain("deep reason");
    expect(report).toMatch(/\n +at .*runCli\.test/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("also when the unforeseen error was wrapped on its way", async () => {
    expect((await crash(["--root", root], MusterError.from(new TypeError("bug")))).code).toBe(70);
  });

  it.each(["a text", undefined, null, { odd: true }, Object.create(null)])(
    "also when %j was thrown",
    async (thrown) => {
      const { code, err } = await crash(["--root", root], thrown);
      expect(code).toBe(70);
      expect(err).toContain("muster: internal error: ");
      expect(await readdir(join(root, "var", "run"))).toEqual([NAME]);
    },
  );

  it("is told on one line whatever its message", async () => {
    const { err } = await crash(["--root", root], new Error("two\nlines"));
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it.each([[["--password", "hunter2"]], [["--password=hunter2"]]])(
    "keeps secrets of the command line out of the report: %j",
    async (args) => {
      await crash(["--root", root, ...args], Object.assign(new Error("x"), { token: "hunter2" }));
      const report = await readFile(join(root, "var", "run", NAME), "utf8");
      expect(report).toContain("********");
      expect(report).not.toContain("hunter2");
    },
  );

  it("is reported in the temporary folder when there is no such root, which is not made", async () => {
    const missing = join(root, "missing");
    const { err } = await crash([`--root=${missing}`], new Error("x"), testEnvironment({ temporaryFolder: root }));
    expect(err).toContain(`The report is in ${join(root, NAME)}.`);
    expect(await readdir(root)).toEqual([NAME]);
  });

  it("never overwrites a file", async () => {
    await crash(["--root", root], new Error("first"));
    const { err } = await crash(["--root", root], new Error("second"), testEnvironment({ temporaryFolder: root }));
    expect(err).toContain(join(root, NAME));
    expect(await readFile(join(root, "var", "run", NAME), "utf8")).toContain("first");
  });

  it("is told even if no report can be written", async () => {
    const { code, err } = await crash(
      ["--root", "/dev/null"],
      new Error("x"),
      testEnvironment({ temporaryFolder: "/dev/null/tmp" }),
    );
    expect(code).toBe(70);
    expect(err).toBe("muster: internal error: x. No report could be written.\n");
  });

  it("of the root of the environment is reported there", async () => {
    await mkdir(join(root, "var"));
    const { err } = await crash([], new Error("x"), testEnvironment({ variables: { MUSTER_ROOT: root } }));
    expect(err).toContain(join(root, "var", "run", NAME));
  });
});

describe("the table of commands", () => {
  it.each(COMMANDS.map((entry) => [entry.name, entry] as const))(
    "has a module for %s that registers it",
    async (name, entry) => {
      const environment = testEnvironment();
      expect(await runCli([name, "--help"], environment)).toBe(0);
      expect(environment.out()).toContain(`Usage: muster ${name}`);
      expect(entry.summary).toMatch(/^[a-z].*[^.]$/);
    },
  );

  it("has each name once", () => {
    const names = COMMANDS.map((entry) => entry.name);
    expect(new Set(names).size).toBe(names.length);
  });
});
