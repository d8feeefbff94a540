import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { EmbeddedStore } from "../../../src/agents/embedded/EmbeddedStore.js";
import { openDatabase } from "../../../src/agents/embedded/openDatabase.js";
import type { SqlDatabase } from "../../../src/agents/embedded/SqlDatabase.js";
import { temporaryStore, waitingAgents } from "./temporaryStore.js";

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "muster-agents-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "global.db");
}

function storeOn(open: () => SqlDatabase): EmbeddedStore {
  const store = new EmbeddedStore({ open, wallTime: () => 0, notice: () => undefined });
  onTestFinished(() => store.close());
  return store;
}

describe("requests", () => {
  test.each([
    ["global", "err Invalid DB query syntax, near 'global'"],
    ["", "err Invalid DB query syntax, near ''"],
    ["global nonsense", "err Invalid DB query syntax, near 'nonsense'"],
    ["global constructor x", "err Invalid DB query syntax, near 'constructor x'"],
    [`global ${"n".repeat(99)}`, `err Invalid DB query syntax, near '${"n".repeat(32)}'`],
    ["nobody sql select 1", "err Invalid DB query actor: 'nobody'"],
    ["task sql select 1", "err Invalid DB query actor: 'task'"],
    ["GLOBAL sql select 1", "err Invalid DB query actor: 'GLOBAL'"],
  ])("'%s' → %s", (command, answer) => {
    expect(temporaryStore().run(command)).toBe(answer);
  });

  test("wazuhdb remove has nothing to remove, and tells what is no id", () => {
    const { run } = temporaryStore();
    expect(run("wazuhdb remove 001 x 2")).toBe('ok {"agents":{"2":"ok","001":"ok","x":"Invalid agent ID"}}');
    expect(run("wazuhdb remove")).toBe("err Invalid DB query syntax, near 'remove'");
    expect(run("wazuhdb vacuum 1")).toBe("err Invalid DB query syntax, near 'vacuum 1'");
  });
});

describe("the file", () => {
  test("has version 2 and the manager's row", () => {
    const { rows } = temporaryStore();
    expect(rows("global sql select value from metadata where key = 'db_version'")).toEqual([{ value: "2" }]);
    expect(rows("global sql select id, name from agent")).toEqual([{ id: 0, name: "localhost" }]);
  });

  test("has the tables of dapi.md 6.4", () => {
    const { rows } = temporaryStore();
    expect(
      rows("global sql select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name"),
    ).toEqual(["agent", "belongs", "group", "info", "labels", "metadata"].map((name) => ({ name })));
  });

  test("keeps everything when it is opened again", () => {
    const path = temporaryFile();
    const first = storeOn(() => openDatabase(path, 100));
    first.importAgents(waitingAgents(2));
    first.close();
    expect(storeOn(() => openDatabase(path, 100)).run("global get-all-agents last_id 0")).toBe(
      'ok [{"id":1},{"id":2}]',
    );
  });

  test("of another version is refused and left as it is", () => {
    const path = temporaryFile();
    const foreign = openDatabase(path, 100);
    foreign.script(
      "CREATE TABLE agent (id INTEGER); CREATE TABLE metadata (key TEXT, value TEXT); INSERT INTO metadata VALUES ('db_version', '8');",
    );
    const store = storeOn(() => openDatabase(path, 100));
    expect(() => store.run("global select-groups")).toThrow(
      /its version is 8, and muster works with versions 2 and 7; move the file away/,
    );
    expect(foreign.all("SELECT count(*) AS n FROM sqlite_master")).toEqual([{ n: 2 }]);
    foreign.close();
  });

  test("without a version is refused", () => {
    const path = temporaryFile();
    const foreign = openDatabase(path, 100);
    foreign.script("CREATE TABLE agent (id INTEGER)");
    foreign.close();
    expect(() => storeOn(() => openDatabase(path, 100)).run("global select-groups")).toThrow(/its version is not told/);
  });

  test("that can't be opened is tried again with the next command", () => {
    const path = temporaryFile();
    let attempts = 0;
    const store = storeOn(() => {
      attempts += 1;
      if (attempts === 1) throw new Error("disk full");
      return openDatabase(path, 100);
    });
    expect(() => store.run("global select-groups")).toThrow("disk full");
    expect(store.run("global select-groups")).toBe("ok []");
    expect(store.run("global select-groups")).toBe("ok []");
    expect(attempts).toBe(2);
  });

  test("that is locked by another process fails the command with SQLite's words", () => {
    const { path, run, database } = temporaryStore();
    run("global select-groups");
    const other = database();
    other.script("BEGIN IMMEDIATE");
    const store = storeOn(() => openDatabase(path, 20));
    expect(() => store.run("global insert-agent-group x")).toThrow("database is locked");
    other.script("ROLLBACK");
    expect(store.run("global insert-agent-group x")).toBe("ok");
  });

  test("locked in the middle of work gives an answer, and the next command works", () => {
    const path = temporaryFile();
    const store = storeOn(() => openDatabase(path, 20));
    store.run("global select-groups");
    const other = openDatabase(path, 20);
    other.script("BEGIN IMMEDIATE");
    expect(store.run("global insert-agent-group x")).toBe(
      "err Cannot execute Global database query; database is locked",
    );
    expect(store.run("global select-groups")).toBe("ok []");
    other.script("ROLLBACK");
    other.close();
    expect(store.run("global insert-agent-group x")).toBe("ok");
  });

  test("that can't be opened says so with SQLite's number", () => {
    const folder = join(temporaryFile(), "..");
    expect(() => openDatabase(folder, 100)).toThrow("SQLite can't open the file (SQLite error 14)");
  });

  test("that is no database is refused", () => {
    const path = temporaryFile();
    writeFileSync(path, "x".repeat(5000));
    expect(() => storeOn(() => openDatabase(path, 100)).run("global select-groups")).toThrow("file is not a database");
  });
});

describe("a transaction", () => {
  test("that fails leaves nothing behind, and the next one works", () => {
    const { database } = temporaryStore();
    const own = database();
    own.script("CREATE TABLE t (x)");
    const fail = (): void =>
      own.transaction(() => {
        own.run("INSERT INTO t VALUES (1)");
        throw new Error("stop");
      });
    expect(fail).toThrow("stop");
    own.transaction(() => own.run("INSERT INTO t VALUES (2)"));
    expect(own.all("SELECT x FROM t")).toEqual([{ x: 2 }]);
  });

  test("is not seen by others before its end", () => {
    const { database } = temporaryStore();
    const [one, two] = [database(), database()];
    one.script("CREATE TABLE t (x)");
    one.transaction(() => {
      one.run("INSERT INTO t VALUES (1)");
      expect(two.all("SELECT x FROM t")).toEqual([]);
    });
    expect(two.all("SELECT x FROM t")).toEqual([{ x: 1 }]);
  });
});
