import fc from "fast-check";
import { expect, test } from "vitest";
import { CONNECTION_STATUSES } from "../../../src/agents/columns.js";
import type { NewAgent } from "../../../src/agents/NewAgent.js";
import { temporaryStore, type TemporaryStore } from "./temporaryStore.js";

const SELECT =
  "global sql select id, name, ip, os_name, os_version, os_uname, version, merged_sum, manager_host, node_name, last_keepalive, sync_status, connection_status from agent where id > 0 order by id";

const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => !value.includes("\0"));
const optional = fc.option(text, { nil: null });
const agent = fc.record({
  id: fc.integer({ min: 1, max: 100_000 }),
  name: text,
  ip: optional,
  os_name: optional,
  os_version: optional,
  os_uname: optional,
  version: optional,
  merged_sum: optional,
  manager_host: optional,
  node_name: optional,
  last_keepalive: fc.option(fc.integer({ min: 0, max: 253_402_300_799 }), { nil: null }),
  connection_status: fc.constantFrom(...CONNECTION_STATUSES),
  labels: fc.uniqueArray(fc.record({ key: text, value: text }), { selector: ({ key }) => key, maxLength: 4 }),
});
const agents = fc.uniqueArray(agent, { selector: ({ id }) => id, maxLength: 30 });

function chunks(worker: TemporaryStore): string[] {
  const found: string[] = [];
  for (;;) {
    const answer = worker.run("global sync-agent-info-get ");
    found.push(answer.slice(answer.indexOf(" ") + 1));
    if (!answer.startsWith("due")) return found;
  }
}

function everything(store: TemporaryStore): unknown {
  return [store.rows(SELECT), store.rows("global sql select id, key, value from labels order by id, key")];
}

test("what a worker gives and the master writes makes equal rows", () => {
  const worker = temporaryStore();
  const master = temporaryStore();
  fc.assert(
    fc.property(agents, (generated) => {
      for (const store of [worker, master]) {
        store.run("global sql delete from agent where id > 0");
        store.run("global sql delete from labels");
      }
      worker.store.importAgents(generated.map((one): NewAgent => ({ ...one, sync_status: "syncreq" })));
      // The master knows the agents from their registration, and has older labels of them.
      master.store.importAgents(
        generated.map(({ id, labels }) => ({
          id,
          name: "registered",
          labels: labels.map(({ key }) => ({ key, value: "old" })),
        })),
      );
      for (const chunk of chunks(worker)) expect(master.run(`global sync-agent-info-set ${chunk}`)).toBe("ok");
      expect(everything(master)).toEqual(everything(worker));
    }),
    { numRuns: 60 },
  );
});
