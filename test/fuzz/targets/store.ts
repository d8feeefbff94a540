import { rmSync } from "node:fs";
import { join } from "node:path";
import { EmbeddedStore } from "../../../src/agents/embedded/EmbeddedStore.js";
import { openDatabase } from "../../../src/agents/embedded/openDatabase.js";
import { scratchFolder } from "./scratch.js";

let opened: EmbeddedStore | undefined;

/** A real store with one agent, of this process. */
export function scratchStore(): EmbeddedStore {
  if (opened === undefined) {
    const path = join(scratchFolder(), "global.db");
    rmSync(path, { force: true });
    opened = new EmbeddedStore({ open: () => openDatabase(path, 1000), wallTime: () => 1_767_225_600_000, notice: () => undefined });
    opened.importAgents([{ id: 1, name: "web01", ip: "10.0.0.1", connection_status: "active", sync_status: "synced", groups: ["default"] }]);
  }
  return opened;
}
