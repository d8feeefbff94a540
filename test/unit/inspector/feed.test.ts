import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Feed } from "../../../src/inspector/feed/Feed.js";
import { StatelyFeed } from "../../../src/inspector/server/StatelyFeed.js";
import type { Frame, FromFeed, Welcome } from "../../../src/inspector/page/wire.js";
import { waitUntil } from "../../support/waitUntil.js";
import { SimulatedCluster } from "../../support/simulatedCluster.js";

const SECRET = "abcdefghijklmnopqrstuvwxyz012345";

/** A viewer's socket that reads as fast, or as slowly, as the test wants. */
class Link {
  bufferedAmount = 0;
  readonly messages: FromFeed[] = [];
  readonly texts: string[] = [];

  send(text: string): void {
    this.texts.push(text);
    this.messages.push(JSON.parse(text) as FromFeed);
  }

  get welcome(): Welcome {
    const [first] = this.messages;
    if (first?.type !== "welcome") throw new Error("no welcome");
    return first;
  }

  get frames(): Frame[] {
    return this.messages.flatMap((message) => (message.type === "frame" ? [message.frame] : []));
  }
}

describe("the feed", () => {
  let cluster: SimulatedCluster;
  let feed: Feed;

  beforeEach(async () => {
    cluster = new SimulatedCluster(3, { work: 2, secrets: [SECRET] });
    await cluster.start();
    feed = new Feed(cluster.node);
  });
  afterEach(() => {
    cluster.stop();
  });

  test("observes nothing while nobody watches", () => {
    const inspect = vi.spyOn(cluster.actor.system, "inspect");
    cluster.round(0);
    expect([feed.isWatching, inspect.mock.calls.length]).toEqual([false, 0]);
    const [one, other] = [feed.watch(new Link()), feed.watch(new Link())];
    expect([feed.isWatching, inspect.mock.calls.length, typeof cluster.taps.onMessage]).toEqual([true, 1, "function"]);
    one?.end();
    expect(feed.isWatching).toBe(true);
    other?.end();
    other?.end();
    const { onMessage, onTransfer } = cluster.taps;
    expect([feed.isWatching, onMessage, onTransfer, cluster.log.onLine]).toEqual([false, undefined, undefined, undefined]);
  });

  test("tells a newcomer the tree of actors and the charts of their machines", () => {
    const link = new Link();
    const watch = feed.watch(link);
    const [frame] = link.welcome.frames;
    const names = frame?.actors?.map(({ machine, peer }) => `${machine}${peer === null ? "" : ` ${peer}`}`) ?? [];
    expect(names).toEqual(expect.arrayContaining(["master", "integrityIndexer", "workerPeer worker-2", "integritySync worker-3"]));
    const chart = link.welcome.charts.find(({ machine }) => machine === "integritySync");
    expect(chart?.initial).toBe("free");
    expect(chart?.edges).toContainEqual({ from: "packing", to: "requestingTask", labels: ["packDifference done"], kind: "event" });
    expect(chart?.edges.find(({ from, to }) => from === "packing" && to === "reportingError")?.kind).toBe("failure");
    watch?.end();
  });

  test("tells every state that is passed between two frames, and each actor's latest state once", async () => {
    const link = new Link();
    const watch = feed.watch(link);
    cluster.round(1);
    await waitUntil(() => link.frames.some(({ transitions }) => transitions?.some(({ to }) => to === "confirming")), 20_000, "a whole round");
    const passed = link.frames.flatMap(({ transitions = [] }) => transitions.filter(({ peer }) => peer === "worker-2").map(({ to }) => to));
    expect(passed.slice(0, 4)).toEqual(["receivingFile", "unpacking", "comparing", "confirming"]);
    for (const { actors = [] } of link.frames) expect(new Set(actors.map(({ id }) => id)).size).toBe(actors.length);
    watch?.end();
  });

  test("says that a worker's actors are gone", async () => {
    const link = new Link();
    const watch = feed.watch(link);
    cluster.lose(0);
    await waitUntil(() => link.frames.some(({ gone = [] }) => gone.length > 0), 20_000, "actors that are gone");
    watch?.end();
  });

  test("skips a slow viewer, and brings it up to date with one state when it reads again", async () => {
    const [slow, quick] = [new Link(), new Link()];
    const watches = [feed.watch(slow), feed.watch(quick)];
    slow.bufferedAmount = 2 * 1024 * 1024;
    const before = slow.messages.length;
    cluster.round(0);
    await waitUntil(() => quick.frames.length > 3, 20_000, "frames");
    expect(slow.messages.length).toBe(before);
    slow.bufferedAmount = 0;
    await waitUntil(() => slow.messages.length > before, 20_000, "a state");
    expect(slow.messages[before]?.type).toBe("state");
    for (const watch of watches) watch?.end();
  });

  test("tells messages of a chosen peer only, with the time until the answer, and chunks together", async () => {
    const link = new Link();
    const watch = feed.watch(link);
    const tell = cluster.taps.onMessage;
    const say = (id: string, kind: "request" | "answer", command: string, counter: number): void =>
      tell?.(id, { direction: kind === "request" ? "out" : "in", kind, command, counter, bytes: 10 });
    say("peer-1", "request", "syn_m_c", 1);
    watch?.choose("worker-1");
    say("peer-2", "request", "syn_m_c", 2);
    say("peer-1", "request", "syn_m_c", 3);
    say("peer-1", "answer", "ok", 3);
    for (let chunk = 0; chunk < 50; chunk += 1) say("peer-1", "request", "file_upd", 10 + chunk);
    const told = () => link.messages.flatMap((message) => (message.type === "traffic" ? message.traffic.messages : []));
    await waitUntil(() => told().length > 0, 20_000, "traffic");
    expect(told().map(({ command, answers, count, bytes }) => ({ command, answers, count, bytes }))).toEqual([
      { command: "syn_m_c", answers: null, count: 1, bytes: 10 },
      { command: "ok", answers: "syn_m_c", count: 1, bytes: 10 },
      { command: "file_upd", answers: null, count: 50, bytes: 500 },
    ]);
    expect(told()[1]?.duration).toBeGreaterThanOrEqual(0);
    watch?.end();
  });

  test("follows a transfer to its end, or to the loss of its connection", async () => {
    const link = new Link();
    const watch = feed.watch(link);
    const notice = { direction: "out", path: "queue/a.zip", total: 100 } as const;
    cluster.taps.onTransfer?.("peer-1", { ...notice, bytes: 0, state: "running" });
    cluster.taps.onTransfer?.("peer-1", { ...notice, bytes: 60, state: "running" });
    cluster.taps.onTransfer?.("peer-1", { ...notice, bytes: 100, state: "done" });
    cluster.taps.onTransfer?.("peer-99", { ...notice, bytes: 5, state: "running" });
    const told = () => link.frames.flatMap(({ transfers = [] }) => transfers);
    await waitUntil(() => told().length === 2, 20_000, "two transfers");
    expect(told().map(({ peer, bytes, state }) => `${peer} ${String(bytes)} ${state}`)).toEqual(["worker-1 100 done", "peer-99 5 failed"]);
    watch?.end();
  });

  test("never tells a secret, wherever it turns up", async () => {
    const link = new Link();
    const watch = feed.watch(link);
    cluster.log.write(`${JSON.stringify({ level: "error", time: new Date().toISOString(), message: `the key ${SECRET} is wrong` })}\n`);
    await waitUntil(() => link.frames.some(({ logs = [] }) => logs.length > 0), 20_000, "a log line");
    expect(link.texts.join()).not.toContain(SECRET);
    watch?.end();
  });

  test("refuses the seventeenth viewer", () => {
    const watches = Array.from({ length: 17 }, () => feed.watch(new Link()));
    expect(watches.map((watch) => watch !== undefined)).toEqual([...Array<boolean>(16).fill(true), false]);
    for (const watch of watches) watch?.end();
  });

  test("speaks Stately's wire format, and stops with the last viewer", async () => {
    const link = new Link();
    const inspect = vi.spyOn(cluster.actor.system, "inspect");
    const end = new StatelyFeed(cluster.node).watch(link);
    const told = (): readonly Record<string, unknown>[] => link.messages as unknown as Record<string, unknown>[];
    expect(told()[0]).toMatchObject({ type: "@xstate.actor", name: "master", _version: "0.7.2", snapshot: { status: "active", value: "running" } });
    expect(JSON.parse(told()[0]?.["definition"] as string)).toMatchObject({ id: "master", initial: "starting" });
    cluster.round(0);
    await waitUntil(() => told().some(({ type }) => type === "@xstate.snapshot"), 20_000, "a snapshot");
    expect(told().find(({ type }) => type === "@xstate.event")).toMatchObject({ sessionId: expect.any(String) as string, event: { type: "PEER_ASKED" } });
    end?.();
    const after = told().length;
    cluster.round(1);
    expect([told().length, inspect.mock.calls.length]).toEqual([after, 1]);
  });
});
