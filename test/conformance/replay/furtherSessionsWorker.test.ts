import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readTree } from "../../support/nodeRoot.js";
import { Replay, type ReplayOptions } from "../../support/replay.js";
import { ReplayListener } from "../../support/replayLinks.js";
import { startReplayNode, transferLeftovers, type ReplayNode } from "../../support/replayNode.js";
import type { RecordedMessage } from "../../support/replayScript.js";
import type { ReplayWire } from "../../support/replayWire.js";
import { waitUntil } from "../../support/waitUntil.js";
import {
  ADDED_FILE,
  hello,
  recordedChunks,
  scriptedWdb,
  session,
  sessionRoot,
  sessionTree,
  withoutUnfinishedRound,
} from "./furtherSessions.js";

const GET = "global sync-agent-info-get";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Started {
  readonly listener: ReplayListener;
  readonly worker: ReplayNode;
  /** The worker's first connection. */
  readonly wire: ReplayWire;
}

/**
 * Starts a worker with the session's tree, and with a wazuh-db that has the session's agent-info for it.
 *
 * @param strings the agent-info strings in their order, each as its chunks
 */
async function startWorker(messages: readonly RecordedMessage[], strings: readonly string[][]): Promise<Started> {
  const listener = await ReplayListener.open();
  closers.push(() => listener.close());
  const root = await sessionRoot("worker", listener.port, sessionTree(messages));
  await mkdir(join(root, "queue/db"), { recursive: true });
  const pages = strings.flatMap((chunks) =>
    chunks.map((chunk, index) => `${index === chunks.length - 1 ? "ok" : "due"} ${chunk}`),
  );
  const wdb = await scriptedWdb(root, GET, pages);
  closers.push(() => wdb.close());
  const worker = await startReplayNode(root);
  closers.push(() => worker.close());
  return { listener, worker, wire: await listener.accept() };
}

/** Plays the master of a session and ends with nothing left over. */
async function playMaster(
  wire: ReplayWire,
  messages: readonly RecordedMessage[],
  options: Omit<ReplayOptions, "wire" | "side">,
): Promise<void> {
  const replay = new Replay({ ...options, wire, side: "master" });
  await replay.runLanes(messages);
  await replay.finish();
  const compared = messages.filter(({ sender, lane }) => sender === "worker" && lane !== "keepalive");
  expect(replay.compared).toBe(compared.length);
}

test("in-order: a worker whose files agree thanks as recorded, and changes none", async () => {
  const messages = session("in-order");
  const { worker, wire } = await startWorker(messages, []);
  const before = await readTree(worker.root, { modes: true });
  await playMaster(wire, [...hello(), ...messages], sessionTree(messages));
  expect(await worker.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  expect(await readTree(worker.root, { modes: true })).toEqual(before);
  expect(worker.logger.messages("error")).toEqual([]);
});

test("agent-info-many-chunks: the store's pages become the recorded strings, and the master's error is logged", async () => {
  const messages = withoutUnfinishedRound(session("agent-info-many-chunks"));
  const strings = recordedChunks(messages);
  expect(strings.map((chunks) => chunks.length)).toEqual([1, 3]);
  const { worker, wire } = await startWorker(messages, strings);
  await playMaster(wire, [...hello(), ...messages], sessionTree(messages));
  const told = (): readonly string[] => worker.logger.messages("warning").filter((line) => line.includes("no such column: x"));
  // The master's words are the session's last: the worker logs them a moment later.
  await waitUntil(() => told().length > 0, 5_000, "the warning");
  expect(told()).toHaveLength(1);
  expect(await worker.rounds.settled()).toMatchSnapshot("the rounds of its processes");
});

test("error-syn_i_w_m_r: a worker whose task is unknown to the master reports the master's error as recorded", async () => {
  const messages = session("error-syn_i_w_m_r");
  const { worker, wire } = await startWorker(messages, recordedChunks(messages));
  await playMaster(wire, messages, sessionTree(messages));
  expect(await worker.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  await waitUntil(async () => (await transferLeftovers(worker.root)).length === 0, 5_000, "an empty transfer folder");
});

test("error-syn_m_c_r: an archive for an unknown task is refused as recorded and not applied", async () => {
  const messages = session("error-syn_m_c_r");
  // The recorded worker had lost the task (a fault that was put in). This one knows only the task that it gave out,
  // so the recorded task is announced as it is, and the report names the one that is open.
  const verbatim = new Set(messages.filter(({ about }) => about === "syn_m_c_e").map(({ index }) => index));
  expect(verbatim.size).toBe(4);
  const { worker, wire } = await startWorker(messages, recordedChunks(messages));
  const before = await readTree(worker.root);
  await playMaster(wire, messages, { ...sessionTree(messages), verbatim });
  expect(await worker.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  expect(await readTree(worker.root)).toEqual(before);
  await waitUntil(async () => (await transferLeftovers(worker.root)).length === 0, 5_000, "an empty transfer folder");
});

test("reconnect: a worker whose master is away comes back, says hello and goes on as recorded", async () => {
  const first = session("reconnect", 1);
  const tree = sessionTree(first);
  const { listener, worker, wire } = await startWorker(first, recordedChunks(first));
  await playMaster(wire, first, tree);
  expect(await worker.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  // The recorded master went a second later: the archive had long been applied.
  await waitUntil(async () => ADDED_FILE.path in (await readTree(worker.root)), 5_000, "the added file");
  await listener.close();
  closers.splice(0, 1);
  await waitUntil(
    () => worker.logger.messages("error").some((line) => line.startsWith("Could not connect")),
    5_000,
    "a retry",
  );
  const restarted = await ReplayListener.open(listener.port);
  closers.unshift(() => restarted.close());
  await playMaster(await restarted.accept(), session("reconnect", 5), tree);
  expect(await worker.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  const { [ADDED_FILE.path]: added, ...others } = await readTree(worker.root);
  expect(added).toBeDefined();
  expect(Object.keys(others).sort()).toEqual(Object.keys(tree.files).sort());
});
