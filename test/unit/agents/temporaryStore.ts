import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { EmbeddedStore } from "../../../src/agents/embedded/EmbeddedStore.js";
import { openDatabase } from "../../../src/agents/embedded/openDatabase.js";
import type { SqlDatabase } from "../../../src/agents/embedded/SqlDatabase.js";
import type { NewAgent } from "../../../src/agents/NewAgent.js";

/** 2026-01-01T00:00:00Z, in seconds. */
export const NOW_SECONDS = 1_767_225_600;

export interface TemporaryStore {
  readonly store: EmbeddedStore;
  readonly path: string;
  readonly notices: string[];
  run(command: string): string;
  /** The payload of an answer that must be `ok`, decoded. */
  rows(command: string): unknown;
  /** A second connection to the same file. */
  database(): SqlDatabase;
}

/** An embedded store on a file of its own, gone when the test ends. */
export function temporaryStore(agents: readonly NewAgent[] = []): TemporaryStore {
  const folder = mkdtempSync(join(tmpdir(), "muster-agents-"));
  const path = join(folder, "global.db");
  const notices: string[] = [];
  const store = new EmbeddedStore({
    open: () => openDatabase(path, 1000),
    wallTime: () => NOW_SECONDS * 1000 + 250,
    notice: (text) => notices.push(text),
  });
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  if (agents.length > 0) store.importAgents(agents);
  return {
    store,
    path,
    notices,
    run: (command) => store.run(command),
    rows: (command) => {
      const answer = store.run(command);
      if (!answer.startsWith("ok ")) throw new Error(`unexpected answer ${answer.slice(0, 200)}`);
      return JSON.parse(answer.slice(3));
    },
    database: () => {
      const database = openDatabase(path, 1000);
      onTestFinished(() => database.close());
      return database;
    },
  };
}

/** Active agents 1 … count that wait to be sent. */
export function waitingAgents(count: number, more: Partial<NewAgent> = {}): NewAgent[] {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    name: `agent${index + 1}`,
    ip: "10.0.0.1",
    connection_status: "active",
    sync_status: "syncreq",
    node_name: "worker1",
    last_keepalive: 1_622_540_400,
    ...more,
  }));
}
