import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_AGENT_STORE_SETTINGS } from "../../../src/agents/AgentStoreSettings.js";
import { type AgentCondition, EVERY_AGENT } from "../../../src/agents/selection/AgentCondition.js";
import { AGENT_FIELDS, type AgentField } from "../../../src/agents/selection/agentFields.js";
import { conditionSql } from "../../../src/agents/selection/conditionSql.js";
import { countAgentsBy, countGroupMembers, selectAgents } from "../../../src/agents/selection/selectAgents.js";
import type { NewAgent } from "../../../src/agents/NewAgent.js";
import { WdbAgentStore } from "../../../src/agents/WdbAgentStore.js";
import { ManualClock } from "../../support/manualClock.js";
import { inProcessTransport } from "./inProcessTransport.js";
import { temporaryStore } from "./temporaryStore.js";

function storeWith(agents: readonly NewAgent[]): { store: WdbAgentStore; importAgents: (more: NewAgent[]) => void } {
  const embedded = temporaryStore(agents);
  const transport = inProcessTransport((command) => embedded.run(command));
  const store = new WdbAgentStore({ transport, clock: new ManualClock(), settings: DEFAULT_AGENT_STORE_SETTINGS });
  return { store, importAgents: (more) => embedded.store.importAgents(more) };
}

async function idsWhere(store: WdbAgentStore, where: AgentCondition): Promise<number[]> {
  const { rows, total } = await selectAgents(store, { fields: ["id"], where });
  expect(total).toBe(rows.length);
  return rows.map(({ id }) => Number(id));
}

/** What wazuh-db's clients may send (dapi.md 6.2), and the database keeps apart. */
const text = fc
  .string({ unit: "binary", minLength: 1, maxLength: 24 })
  .filter((value) => !/[;\0\ud800-\udfff]/.test(value));

/** SQLite knows upper and lower case of ASCII alone. */
const folded = (value: string): string => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

describe("a condition", () => {
  test("finds any name by itself and by its parts, and never another one", async () => {
    const { store, importAgents } = storeWith([]);
    await fc.assert(
      fc.asyncProperty(text, text, fc.nat(24), async (one, other, at) => {
        importAgents([
          { id: 1, name: one },
          { id: 2, name: other },
        ]);
        const compare = (operator: "=" | "!=" | "~", value: string) =>
          idsWhere(store, {
            kind: "all",
            parts: [
              { kind: "ids", ids: [1, 2] },
              { kind: "compare", field: "name", operator, value },
            ],
          });
        const isSame = folded(one) === folded(other);
        expect(await compare("=", one)).toEqual(isSame ? [1, 2] : [1]);
        expect(await compare("!=", one)).toEqual(isSame ? [] : [2]);
        const part = [...one].slice(at % one.length).join("") || one;
        expect(await compare("~", part)).toEqual(folded(other).includes(folded(part)) ? [1, 2] : [1]);
      }),
      { numRuns: 60 },
    );
  });

  test("on ids holds for just these, however they lie", async () => {
    const agents = Array.from({ length: 40 }, (_, index) => ({ id: index + 1, name: `a${index}` }));
    const { store } = storeWith(agents);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 })), async (ids) => {
        const sorted = [...new Set(ids)].sort((one, other) => one - other);
        expect(await idsWhere(store, { kind: "ids", ids })).toEqual(sorted);
        const others = agents.map(({ id }) => id).filter((id) => !sorted.includes(id));
        expect(await idsWhere(store, { kind: "not", part: { kind: "ids", ids } })).toEqual([0, ...others]);
      }),
      { numRuns: 40 },
    );
  });

  test("on ids that follow one another is short", () => {
    const ids = Array.from({ length: 100_000 }, (_, index) => index);
    expect(conditionSql({ kind: "ids", ids })).toBe("(id between 0 and 99999)");
    expect(conditionSql({ kind: "ids", ids: [7, 3, 1, 2, 9, 10] })).toBe("(id between 1 and 3 or id in (7,9,10))");
  });

  test("without parts is always, or never, true", async () => {
    const { store } = storeWith([]);
    expect(await idsWhere(store, EVERY_AGENT)).toEqual([0]);
    expect(await idsWhere(store, { kind: "any", parts: [] })).toEqual([]);
  });

  test.each(AGENT_FIELDS)("can be put on %s in every way", async (field) => {
    const { store } = storeWith([]);
    for (const operator of ["=", "!=", "<", ">", "~"] as const) {
      await expect(idsWhere(store, { kind: "compare", field, operator, value: "1" })).resolves.toBeInstanceOf(Array);
    }
    await expect(idsWhere(store, { kind: "absent", field })).resolves.toBeInstanceOf(Array);
  });

  test("refuses what can't stand in a statement", async () => {
    const { store } = storeWith([]);
    const where = { kind: "compare", field: "name", operator: "=", value: "a;b" } as const;
    await expect(selectAgents(store, { fields: ["id"], where })).rejects.toMatchObject({ code: 2004 });
  });
});

describe("a selection", () => {
  test.each(AGENT_FIELDS)("can be sorted by %s, and counted by it", async (field) => {
    const { store } = storeWith([{ id: 1, name: "a" }]);
    for (const ascending of [true, false]) {
      const { rows } = await selectAgents(store, {
        fields: ["id"],
        where: EVERY_AGENT,
        sortFields: [field],
        ascending,
      });
      expect(rows).toHaveLength(2);
    }
    const { rows } = await countAgentsBy(store, { fields: [field], where: EVERY_AGENT });
    expect(rows.reduce((sum, { count }) => sum + Number(count), 0)).toBe(2);
  });

  test("is whole, whatever its pages", async () => {
    const { store } = storeWith(Array.from({ length: 25 }, (_, index) => ({ id: index + 1, name: `a${index % 3}` })));
    const all = await selectAgents(store, { fields: ["id", "name"], where: EVERY_AGENT, sortFields: ["name"] });
    expect(all.total).toBe(26);
    const sortFields: AgentField[] = ["name"];
    for (const limit of [1, 7, 26, 100]) {
      const pages: unknown[] = [];
      for (let offset = 0; offset < all.total; offset += limit) {
        const page = await selectAgents(store, {
          fields: ["id", "name"],
          where: EVERY_AGENT,
          sortFields,
          offset,
          limit,
        });
        pages.push(...page.rows);
      }
      expect(pages).toEqual(all.rows);
    }
  });
});

test("members of groups are counted, also those of an empty group", async () => {
  const embedded = temporaryStore([
    { id: 1, name: "a", groups: ["web", "db"] },
    { id: 2, name: "b", groups: ["web"] },
  ]);
  embedded.run("global insert-agent-group empty");
  const transport = inProcessTransport((command) => embedded.run(command));
  const store = new WdbAgentStore({ transport, clock: new ManualClock(), settings: DEFAULT_AGENT_STORE_SETTINGS });
  expect([...(await countGroupMembers(store))]).toEqual([
    ["db", 1],
    ["empty", 0],
    ["web", 2],
  ]);
});
