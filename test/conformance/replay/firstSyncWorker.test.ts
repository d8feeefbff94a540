import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentRow } from "../../../src/agents/AgentRow.js";
import { readRecording } from "../../support/recordings.js";
import { Replay } from "../../support/replay.js";
import { ReplayListener } from "../../support/replayLinks.js";
import {
  makeReplayRoot,
  readNodeTree,
  recordedTree,
  startReplayNode,
  transferLeftovers,
  treeOf,
  type ReplayNode,
  type TreeEntry,
} from "../../support/replayNode.js";
import { insertBefore, messagesOf } from "../../support/replayScript.js";
import {
  BIG_FILE,
  BIG_FILE_FRAME,
  bigFileArchive,
  bigFileStandIns,
  CHANGED_RULES,
  recordedAgents,
} from "./firstSync.js";

/** The round before which the worker's tree was recorded, and its group file of the unknown agent removed. */
const THIRD_ROUND = 86;
/** The first check that finds the large file in place. */
const ROUND_WITH_BIG_FILE = 154;
const PARTS = ["etc", "queue/agent-groups", "queue/rids", "queue/diff", "var/multigroups"];

const recording = readRecording("first-sync");
const messages = messagesOf(recording, 1).filter(({ lane }) => lane !== "dapi");

let listener: ReplayListener;
let worker: ReplayNode;
let replay: Replay;
let treeAfterFirstRounds: Record<string, TreeEntry>;
let treeWithBigFile: Record<string, TreeEntry>;
let agentsBefore: readonly AgentRow[];

beforeAll(async () => {
  listener = await ReplayListener.open();
  const root = await makeReplayRoot({ kind: "worker", name: "worker1", port: listener.port, tar: "worker1-before" });
  worker = await startReplayNode(root);
  await worker.store.importAgents(recordedAgents().map((agent) => ({ ...agent, sync_status: "syncreq" })));
  agentsBefore = (await worker.store.listAgents()).agents;
  replay = new Replay({
    wire: await listener.accept(),
    side: "master",
    standIns: bigFileStandIns(),
    archives: new Map([[BIG_FILE_FRAME, bigFileArchive()]]),
  });
  let steps = insertBefore(messages, THIRD_ROUND, {
    kind: "refuse",
    lane: "integrity",
    command: "syn_i_w_m_p",
    act: async () => {
      treeAfterFirstRounds = await readNodeTree(root, PARTS);
      await rm(join(root, "queue/agent-groups/900"));
    },
  });
  steps = insertBefore(steps, ROUND_WITH_BIG_FILE, {
    kind: "refuse",
    lane: "integrity",
    command: "syn_i_w_m_p",
    act: async () => {
      treeWithBigFile = await readNodeTree(root, ["etc/rules", "etc/lists", "etc/decoders"]);
    },
  });
  await replay.runLanes(steps);
  await replay.finish();
});

afterAll(async () => {
  await worker?.close();
  await listener?.close();
});

test("every message of the recorded worker has its counterpart", () => {
  const byProtocol = messages.filter(({ sender, lane }) => sender === "worker" && lane !== "keepalive");
  expect(replay.compared).toBe(byProtocol.length);
});

test("the worker keeps its connection alive by its own clock", () => {
  expect(replay.keepalives).toBeGreaterThan(1);
});

test("the tree is the recorded one after the first rounds, with the recorded modes", () => {
  expect(treeAfterFirstRounds).toEqual(treeOf(recordedTree("worker1-after")));
});

test("a change, a deletion and a file in a divided message arrive", () => {
  const { "etc/lists/big": big, ...others } = treeWithBigFile;
  const recorded = treeOf(recordedTree("worker1-after"));
  expect(big).toEqual({ mode: "0660", content: BIG_FILE.toString("utf8") });
  expect(others).toMatchObject({
    "etc/rules/local_rules.xml": { mode: "0660", content: CHANGED_RULES },
    "etc/lists/audit-keys": recorded["etc/lists/audit-keys"],
  });
  expect(Object.keys(others)).not.toContain("etc/decoders/local_decoder.xml");
});

test("what the recorded master removed is gone", async () => {
  const lists = await readNodeTree(worker.root, ["etc/lists"]);
  expect(Object.keys(lists)).toEqual([
    "etc/lists",
    "etc/lists/audit-keys",
    "etc/lists/sub",
    "etc/lists/sub/päth with space",
  ]);
});

test("agents that the master has stored are marked as sent", async () => {
  const { agents } = await worker.store.listAgents();
  const statusOf = (rows: readonly AgentRow[]): unknown[] => rows.map(({ id, sync_status }) => [id, sync_status]);
  expect(statusOf(agentsBefore)).toEqual([
    [1, "syncreq"],
    [2, "syncreq"],
  ]);
  expect(statusOf(agents)).toEqual([
    [1, "synced"],
    [2, "synced"],
  ]);
});

test("nothing of the transfers is left", async () => {
  expect(await transferLeftovers(worker.root)).toEqual([]);
});

test("no process ended in an error", () => {
  expect(worker.logger.messages("error")).toEqual([]);
});

test("the processes pass through the states of the snapshot", async () => {
  expect(await worker.rounds.settled()).toMatchSnapshot();
});
