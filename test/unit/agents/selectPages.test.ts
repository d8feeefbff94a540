import { describe, expect, test } from "vitest";
import { AgentStoreError } from "../../../src/agents/AgentStoreError.js";
import { countStatement, FIRST_SLICE_ROWS, selectPages } from "../../../src/agents/wazuhDb/selectPages.js";
import { temporaryStore, waitingAgents, type TemporaryStore } from "./temporaryStore.js";

/** Sends to an embedded store as a transport would: an answer of the buffer's size was cut off. */
function sender(store: TemporaryStore): { send: (request: string) => Promise<string>; requests: string[] } {
  const requests: string[] = [];
  const send = (request: string): Promise<string> => {
    requests.push(request);
    const answer = store.run(request);
    return Buffer.byteLength(answer) < 65_536
      ? Promise.resolve(answer)
      : Promise.reject(new AgentStoreError(2009, "cut off"));
  };
  return { send, requests };
}

describe("reading a select", () => {
  test("counts first, then asks for slices", async () => {
    const { send, requests } = sender(temporaryStore(waitingAgents(3)));
    const result = await selectPages("global sql", "select id from agent where id > 0 order by id", send);
    expect(result).toEqual({ rows: [{ id: 1 }, { id: 2 }, { id: 3 }], total: 3 });
    expect(requests).toEqual([
      "global sql select count(*) from agent where id > 0 order by id",
      "global sql select id from agent where id > 0 order by id limit 3 offset 0",
    ]);
  });

  test("asks for nothing more when there are no rows", async () => {
    const { send, requests } = sender(temporaryStore());
    expect(await selectPages("global sql", "select id from agent where id > 0", send)).toEqual({ rows: [], total: 0 });
    expect(requests).toHaveLength(1);
  });

  test("obeys the statement's own limit and offset, and counts without them", async () => {
    const { send } = sender(temporaryStore(waitingAgents(20)));
    const result = await selectPages(
      "global sql",
      "select id from agent where id > 0 order by id limit 3 offset 4",
      send,
    );
    expect(result).toEqual({ rows: [{ id: 5 }, { id: 6 }, { id: 7 }], total: 20 });
  });

  test.each([
    ["limit 0", 0],
    ["limit 5 offset 18", 2],
    ["limit 5 offset 100", 0],
  ])("%s gives %i of 20 rows", async (limit, count) => {
    const { send } = sender(temporaryStore(waitingAgents(20)));
    const { rows, total } = await selectPages(
      "global sql",
      `select id from agent where id > 0 order by id ${limit}`,
      send,
    );
    expect([rows.length, total]).toEqual([count, 20]);
  });

  test("reads many wide rows, each once, by halving and doubling the slices", async () => {
    const { send, requests } = sender(temporaryStore(waitingAgents(3000, { os_uname: "x".repeat(300) })));
    const { rows } = await selectPages("global sql", "select id, os_uname from agent where id > 0 order by id", send);
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 3000 }, (_, index) => index + 1));
    expect(requests.length).toBeLessThan(60);
  });

  test("asks for more rows after small answers", async () => {
    const { send, requests } = sender(temporaryStore(waitingAgents(4000)));
    await selectPages("global sql", "select id from agent where id > 0 order by id", send);
    const steps = requests.slice(1).map((request) => Number(/limit (\d+)/.exec(request)?.[1]));
    expect(steps).toEqual([FIRST_SLICE_ROWS, 1000, 2000, 500]);
  });

  test("gives up a single row that does not fit: 2009", async () => {
    const { send } = sender(temporaryStore(waitingAgents(3, { os_uname: "x".repeat(70_000) })));
    await expect(selectPages("global sql", "select os_uname from agent where id > 0", send)).rejects.toMatchObject({
      code: 2009,
    });
  });

  test("ends when rows vanish between two slices", async () => {
    const answers = [
      'ok [{"n":1000}]',
      `ok [${Array.from({ length: 500 }, (_, id) => `{"id":${id}}`).join(",")}]`,
      "ok []",
    ];
    const { rows, total } = await selectPages("global sql", "select id from agent", () =>
      Promise.resolve(answers.shift() ?? "err asked too often"),
    );
    expect([rows.length, total]).toEqual([500, 1000]);
  });

  test("a count alone is one number", async () => {
    const { send, requests } = sender(temporaryStore(waitingAgents(3)));
    expect(await selectPages("global sql", "select count(*) from agent", send)).toEqual({ rows: [], total: 4 });
    expect(requests).toEqual(["global sql select count(*) from agent"]);
  });

  test.each([
    ["select `group`, count(*) as n from agent group by `group`", 2],
    ["select distinct name from agent", 4],
    ["select id from agent union select 99", 5],
    ["select (select max(id) from agent) as top from agent", 4],
    ["select name || ' from ' || id as x from agent", 4],
  ])("counts the rows of '%s'", async (statement, count) => {
    const { send } = sender(temporaryStore(waitingAgents(3)));
    const { rows, total } = await selectPages("global sql", statement, send);
    expect([rows.length, total]).toEqual([count, count]);
  });

  test.each(["ok []", "ok [{}]", 'ok [{"n":"many"}]'])("a count of '%s' is 0 or refused", async (answer) => {
    const reading = selectPages("global sql", "select id from agent", () => Promise.resolve(answer));
    if (answer === "ok []") expect(await reading).toEqual({ rows: [], total: 0 });
    else await expect(reading).rejects.toMatchObject({ code: 2006 });
  });

  test("hands on the store's errors", async () => {
    const { send } = sender(temporaryStore());
    await expect(selectPages("global sql", "select unheard from agent", send)).rejects.toMatchObject({ code: 2003 });
  });
});

test("the count stands in the place of the select list", () => {
  expect(countStatement("select id, coalesce(ip, register_ip) as 'ip' from agent where x in (select y from z)")).toBe(
    "select count(*) from agent where x in (select y from z)",
  );
});
