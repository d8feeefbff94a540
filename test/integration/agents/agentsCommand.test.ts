import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../../src/cli/runCli.js";
import { waitingAgents } from "../../unit/agents/temporaryStore.js";
import { testEnvironment } from "../../unit/cli/testEnvironment.js";
import { storeOf, temporaryRoot } from "./temporaryRoot.js";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function agents(...args: string[]): Promise<Outcome> {
  const environment = testEnvironment();
  const code = await runCli(["agents", ...args], environment);
  return { code, out: environment.out(), err: environment.err() };
}

function file(root: string, content: unknown): string {
  const path = join(root, "agents.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("muster agents import", () => {
  test("creates and updates agents from a JSON list", async () => {
    const root = temporaryRoot();
    const path = file(root, [
      { id: "001", name: "a" },
      { id: 2, name: "b" },
    ]);
    const database = join(root, "queue/db/global.db");
    expect(await agents("--root", root, "import", path)).toEqual({
      code: 0,
      out: `2 agents imported into ${database}: 2 new, 0 updated.\n`,
      err: "",
    });
    expect((await agents("import", file(root, [{ id: 2, ip: "any" }]), "--root", root)).out).toBe(
      `1 agent imported into ${database}: 0 new, 1 updated.\n`,
    );
  });

  test("reads a client.keys, and registers its agents without sending them anywhere", async () => {
    const root = temporaryRoot();
    const path = file(root, "001 web 10.0.0.1 SECRET\n002 !gone any SECRET\n");
    expect((await agents("--root", root, "import", path)).code).toBe(0);
    expect(await (await storeOf(root)).agent("001")).toMatchObject({
      name: "web",
      register_ip: "10.0.0.1",
      internal_key: "SECRET",
      sync_status: "synced",
      connection_status: "never_connected",
    });
  });

  test("works beside a running node, which sees the agents at once", async () => {
    const root = temporaryRoot();
    const node = await storeOf(root);
    await node.importAgents(waitingAgents(2));
    await agents("--root", root, "import", file(root, [{ id: 3, name: "c" }]));
    expect(await node.knownAgentIds()).toEqual(["001", "002", "003"]);
  });

  test("lists all mistakes and imports nothing", async () => {
    const root = temporaryRoot();
    const path = file(root, [
      { id: 1, name: "fine" },
      { id: 0, name: "x" },
      { id: 2, status: "great" },
    ]);
    expect(await agents("--root", root, "import", path)).toEqual({
      code: 1,
      out: "",
      err: `muster: nothing was imported: 2 mistakes in ${path}\nAgent 2 of the list: id: 000 is the manager itself; leave it out.\nAgent 3 of the list: status: expected one of pending, never_connected, active, disconnected.\n`,
    });
    expect(existsSync(join(root, "queue/db/global.db"))).toBe(false);
  });

  test("prints at most 100 mistakes", async () => {
    const root = temporaryRoot();
    const { err } = await agents(
      "--root",
      root,
      "import",
      file(
        root,
        Array.from({ length: 250 }, () => ({})),
      ),
    );
    expect(err.trimEnd().split("\n").length).toBe(102);
    expect(err).toContain("and 150 more");
  });

  test("says that a new agent needs a name", async () => {
    const root = temporaryRoot();
    const { code, err } = await agents("--root", root, "import", file(root, [{ id: 7 }]));
    expect([code, err]).toEqual([
      1,
      "muster: Error 2003 - Error in wazuhdb request: these agents are new and need a name: 007\n",
    ]);
  });

  test("says which file or folder is missing", async () => {
    const root = temporaryRoot();
    expect(await agents("--root", root, "import", join(root, "none.json"))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/none\.json can't be read: ENOENT/),
    });
    expect(await agents("--root", join(root, "none"), "import", file(root, []))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/There is no folder .*none; name the node's data directory with --root/),
    });
  });

  test("leaves a database of another program's version alone, and says so", async () => {
    const root = temporaryRoot();
    const path = join(root, "queue/db/global.db");
    writeFileSync(path, "this is no database, but somebody wants to keep it".repeat(20));
    const before = readFileSync(path);
    const { code, err } = await agents("--root", root, "import", file(root, [{ id: 1, name: "a" }]));
    expect([code, err]).toEqual([1, expect.stringContaining("file is not a database")]);
    expect(readFileSync(path)).toEqual(before);
  });

  test("without a file is wrong usage", async () => {
    expect((await agents("import")).code).toBe(2);
  });
});

describe("muster agents list", () => {
  test("prints a table", async () => {
    const root = temporaryRoot();
    await agents(
      "--root",
      root,
      "import",
      file(root, [{ id: 1, name: "a", ip: "10.0.0.1", status: "active", group: ["x", "y"] }]),
    );
    const { code, out } = await agents("--root", root, "list");
    expect(code).toBe(0);
    const cells = out.split("\n").map((line) =>
      line
        .split("│")
        .map((cell) => cell.trim())
        .filter((cell) => cell !== ""),
    );
    expect(cells[1]).toEqual(["ID", "NAME", "IP", "STATUS", "VERSION", "NODE NAME", "GROUPS"]);
    expect(cells[3]).toEqual(["001", "a", "10.0.0.1", "active", "unknown", "unknown", "x, y"]);
  });

  test("as JSON is what import reads: another store gets equal agents", async () => {
    const [one, two] = [temporaryRoot(), temporaryRoot()];
    const list = waitingAgents(700).map(({ id, name }) => ({
      id,
      name,
      status: "active",
      os: { name: "Ubuntu" },
      group: ["g"],
      lastKeepAlive: 1_622_540_400,
      dateAdd: 5,
    }));
    await agents("--root", one, "import", file(one, list));
    const { out } = await agents("--root", one, "list", "--json");
    expect((JSON.parse(out) as unknown[]).length).toBe(700);
    await agents("--root", two, "import", file(two, out));
    expect((await agents("--root", two, "list", "--json")).out).toBe(out);
  });

  test("of a root without a store is empty, and makes none", async () => {
    const root = temporaryRoot();
    expect(await agents("--root", root, "list")).toMatchObject({
      code: 0,
      out: expect.stringContaining("There are no agents in"),
    });
    expect((await agents("--root", root, "list", "--json")).out).toBe("[]\n");
    expect(existsSync(join(root, "queue/db/global.db"))).toBe(false);
  });

  test("shows no agent's key", async () => {
    const root = temporaryRoot();
    await agents("--root", root, "import", file(root, "001 web any SECRET"));
    const outputs = [await agents("--root", root, "list"), await agents("--root", root, "list", "--json")];
    expect(outputs.map(({ out }) => out.includes("web") && !out.includes("SECRET"))).toEqual([true, true]);
  });
});
