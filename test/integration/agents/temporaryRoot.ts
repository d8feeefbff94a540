import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AgentStore } from "../../../src/agents/AgentStore.js";
import type { AgentStoreSettings } from "../../../src/agents/AgentStoreSettings.js";
import { createAgentStore } from "../../../src/node/ports/agentStore.js";
import { systemClock } from "../../../src/node/ports/systemClock.js";
import { systemRandom } from "../../../src/node/ports/systemRandom.js";

/** A node's root with `queue/db`, gone when the test ends. */
export function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "muster-root-"));
  mkdirSync(join(root, "queue/db"), { recursive: true });
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** The store of that root, closed when the test ends. */
export async function storeOf(
  root: string,
  settings: Partial<AgentStoreSettings> = {},
  serve = false,
): Promise<AgentStore & { readonly notices: string[] }> {
  const notices: string[] = [];
  const store = await createAgentStore({
    root,
    clock: systemClock,
    random: systemRandom,
    settings,
    serve,
    notice: (text) => notices.push(text),
  });
  onTestFinished(() => store.close());
  return Object.assign(store, { notices });
}
