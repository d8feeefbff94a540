import { afterEach, expect, test } from "vitest";
import { zlib414 } from "../../../src/protocol/dialects/zlib414.js";
import { Replay } from "../../support/replay.js";
import { ReplayListener } from "../../support/replayLinks.js";
import { makeReplayRoot, readNodeTree, recordedTree, startReplayNode, transferLeftovers, treeOf, type ReplayNode } from "../../support/replayNode.js";
import { insertBefore, type RecordedMessage, type Step } from "../../support/replayScript.js";
import { BIG_FILE, BIG_FILE_FRAMES, bigFileArchive, bigFileStandIns, CHANGED_RULES, recordedLists, RecordedStore, REMOVED_DECODER, todaysMessages } from "./today.js";
import type { ListedChanges } from "../../support/wdbHttpServer.js";

const PARTS = ["etc", "queue/agent-groups", "var/multigroups"];

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

interface PlayOptions {
  readonly name: string;
  readonly tar?: string;
  readonly store?: { readonly hash?: string; readonly lists?: ListedChanges };
  /** What is done while a permission is refused, before the round that begins at this frame. */
  readonly before?: Readonly<Record<number, (worker: ReplayNode) => Promise<void>>>;
}

/** A live worker of dialect 4.14, and the master's side of a recording. */
async function play(messages: readonly RecordedMessage[], { name, tar, store: given, before = {} }: PlayOptions) {
  const listener = await ReplayListener.open();
  const root = await makeReplayRoot({ kind: "worker", name, port: listener.port, dialect: zlib414, ...(tar === undefined ? {} : { tar }) });
  const store = await RecordedStore.open(root, messages, given);
  const worker = await startReplayNode(root, zlib414);
  ended.push(() => worker.close(), () => listener.close(), () => store.close());
  const archive = bigFileArchive();
  const [first, second] = BIG_FILE_FRAMES;
  const archives = new Map([
    [first, archive.subarray(0, 5_000_000)],
    [second, archive.subarray(5_000_000)],
  ]);
  const replay = new Replay({ wire: await listener.accept(), side: "master", standIns: bigFileStandIns(), archives });
  let steps: readonly Step[] = messages;
  for (const [index, act] of Object.entries(before)) {
    steps = insertBefore(steps, Number(index), { kind: "refuse", lane: "integrity", command: "syn_i_w_m_p", act: () => act(worker) });
  }
  await replay.run(steps.filter(({ lane }) => lane === "hello"));
  await replay.runLanes(steps.filter(({ lane }) => lane !== "hello"));
  await replay.finish();
  return { worker, replay, store };
}

const ofWorker = (messages: readonly RecordedMessage[]): number => messages.filter(({ sender, lane }) => sender === "worker" && lane !== "keepalive").length;

test("first-sync: every message of the recorded worker has its counterpart, and its tree becomes the recorded one", async () => {
  const messages = todaysMessages("first-sync");
  const trees: unknown[] = [];
  const look = async ({ root }: ReplayNode): Promise<void> => void trees.push(await readNodeTree(root, PARTS));
  const { worker, replay, store } = await play(messages, { name: "worker1", tar: "worker1-before", store: { lists: recordedLists() }, before: { 106: look, 148: look, 188: look } });
  expect(replay.compared).toBe(ofWorker(messages));
  const recorded = treeOf(recordedTree("worker1-after", zlib414));
  const changed = { ...recorded, "etc/rules/local_rules.xml": { mode: "0660", content: CHANGED_RULES } };
  delete (changed as Record<string, unknown>)[REMOVED_DECODER];
  expect(trees).toEqual([recorded, { ...changed, "etc/lists/big": { mode: "0660", content: BIG_FILE.toString("utf8") } }, changed]);
  expect(store.groups).toEqual([{ id: 2, groups: ["web", "db"] }]);
  expect(await transferLeftovers(worker.root)).toEqual([]);
  expect(worker.logger.messages("error")).toEqual([]);
  expect(await worker.rounds.settled()).toMatchSnapshot();
});

test("groups-full: a worker whose groups stay different asks for all of them", async () => {
  const messages = todaysMessages("groups-full");
  const { worker, replay, store } = await play(messages, { name: "worker2", store: { hash: "0".repeat(40) } });
  expect(replay.compared).toBe(ofWorker(messages));
  const all = [{ id: 1, groups: ["default"] }, { id: 2, groups: ["web", "db"] }];
  expect(store.groups).toEqual([{ id: 2, groups: ["web", "db"] }, ...all, ...all]);
  expect(worker.logger.messages("error")).toEqual([]);
  expect(await worker.rounds.settled()).toMatchSnapshot();
});
