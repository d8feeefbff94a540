import { describe, expect, test } from "vitest";
import { temporaryStore, waitingAgents } from "./temporaryStore.js";

const GET = "global sync-agent-info-get ";

/** Repeats the command as a worker does; the statuses and the ids of each page. */
function pages(run: (command: string) => string): { status: string; ids: number[]; bytes: number }[] {
  const found: { status: string; ids: number[]; bytes: number }[] = [];
  for (;;) {
    const answer = run(GET);
    const status = answer.split(" ", 1)[0] ?? "";
    const agents = JSON.parse(answer.slice(status.length + 1)) as { id: number }[];
    found.push({ status, ids: agents.map(({ id }) => id), bytes: Buffer.byteLength(answer) });
    if (status !== "due") return found;
  }
}

describe("sync-agent-info-get", () => {
  test("answers an empty list when no agent waits", () => {
    expect(temporaryStore().run(GET)).toBe("ok []");
  });

  test("gives the row of dapi.md 6.3: NULL columns left out, columns in their order", () => {
    const { run } = temporaryStore([
      {
        id: 1,
        name: "ag1",
        ip: "10.0.0.5",
        os_name: "Ubuntu",
        version: "Wazuh v4.3.0",
        merged_sum: "ab",
        node_name: "worker1",
        last_keepalive: 1_622_540_400,
        connection_status: "active",
        sync_status: "syncreq",
      },
    ]);
    expect(run(GET)).toBe(
      'ok [{"id":1,"name":"ag1","ip":"10.0.0.5","os_name":"Ubuntu","version":"Wazuh v4.3.0","merged_sum":"ab","node_name":"worker1","last_keepalive":1622540400,"connection_status":"active"}]',
    );
  });

  test("adds an agent's labels when it has any", () => {
    const { run } = temporaryStore(
      waitingAgents(1, {
        labels: [
          { key: "b", value: "2" },
          { key: "a", value: "1" },
        ],
      }),
    );
    expect(run(GET)).toContain('"labels":[{"id":1,"key":"a","value":"1"},{"id":1,"key":"b","value":"2"}]}]');
  });

  test("works without the space at the end, too", () => {
    expect(temporaryStore(waitingAgents(1)).run("global sync-agent-info-get")).toMatch(/^ok \[\{"id":1,/);
  });

  test("marks what it gave: a second round is empty", () => {
    const { run } = temporaryStore(waitingAgents(3));
    run(GET);
    expect(run(GET)).toBe("ok []");
  });

  test("leaves agents alone that do not wait, and the manager itself", () => {
    const { run } = temporaryStore([{ id: 4, name: "quiet" }, ...waitingAgents(1)]);
    run("global sql update agent set sync_status = 'syncreq' where id = 0");
    expect(pages(run).flatMap(({ ids }) => ids)).toEqual([1]);
  });

  test("cuts 10,000 agents into pages below the buffer's size, each agent once and in order", () => {
    const { run } = temporaryStore(waitingAgents(10_000));
    const found = pages(run);
    expect(found.at(-1)?.status).toBe("ok");
    expect(found.slice(0, -1).every(({ status }) => status === "due")).toBe(true);
    expect(Math.max(...found.map(({ bytes }) => bytes))).toBeLessThanOrEqual(65_024 + "due ".length);
    expect(found.flatMap(({ ids }) => ids)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
  });

  test("fills its pages", () => {
    const { run } = temporaryStore(waitingAgents(1000));
    expect(run(GET).length).toBeGreaterThan(64_000);
  });

  test("begins after last_id when it is told", () => {
    const { run } = temporaryStore(waitingAgents(3));
    expect(run("global sync-agent-info-get last_id 2")).toMatch(/^ok \[\{"id":3,/);
  });

  test("begins at the start again after a finished round", () => {
    const { run } = temporaryStore(waitingAgents(2000));
    pages(run);
    run("global sql update agent set sync_status = 'syncreq' where id = 1");
    expect(pages(run).flatMap(({ ids }) => ids)).toEqual([1]);
  });

  test.each(["last_id", "last_id x", "last_id -1", "first_id 3", "last_id 1 2"])(
    "refuses the argument '%s'",
    (argument) => {
      expect(temporaryStore().run(GET + argument)).toBe("err Invalid arguments 'last_id' not found");
    },
  );

  test("leaves out an agent that fits no page, tells the log, and gives the others", () => {
    const labels = Array.from({ length: 20 }, (_, index) => ({ key: `key${index}`, value: "x".repeat(4000) }));
    const { run, notices } = temporaryStore([...waitingAgents(3), { ...waitingAgents(2)[1], id: 2, labels }]);
    expect(pages(run).flatMap(({ ids }) => ids)).toEqual([1, 3]);
    expect(notices).toEqual([expect.stringContaining("Agent 2 has ")]);
    expect(run("global sql select sync_status from agent where id = 2")).toBe('ok [{"sync_status":"syncreq"}]');
  });

  test("counts a page's size in bytes, not in characters", () => {
    const { run } = temporaryStore(waitingAgents(200, { os_name: "€".repeat(400) }));
    for (const { bytes } of pages(run)) expect(bytes).toBeLessThanOrEqual(65_028);
  });
});
