import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentRow } from "../../../src/agents/AgentRow.js";
import { freePort } from "../../support/freePort.js";
import { readRecording } from "../../support/recordings.js";
import { Replay } from "../../support/replay.js";
import { connectToMaster } from "../../support/replayLinks.js";
import {
  allFree,
  indexedAnew,
  makeReplayRoot,
  readNodeTree,
  recordedTree,
  startReplayNode,
  transferLeftovers,
  treeOf,
  type ReplayNode,
  type TreeEntry,
} from "../../support/replayNode.js";
import { insertBefore, messagesOf, replaceRange, type Lane, type Step } from "../../support/replayScript.js";
import {
  bigFileArchive,
  BIG_FILE,
  BIG_FILE_FRAME,
  bigFileStandIns,
  CHANGED_RULES,
  recordedAgents,
} from "./firstSync.js";

/** Where the recorded changes of the master's tree lie: before the rounds that begin at these frames. */
const ROUNDS = { second: 48, afterChange: 86, afterBigFile: 126, afterRemoval: 172 };

const recording = readRecording("first-sync");
const messages = messagesOf(recording, 1).filter(({ lane }) => lane !== "dapi");

let master: ReplayNode;
let replay: Replay;
let treeAfterFirstRounds: Record<string, TreeEntry>;
let timeOfSentGroups: number;
let agentsAfterAgentInfo: readonly AgentRow[];

const act = (lane: Lane, work: () => Promise<void>): Step => ({ kind: "act", lane, act: work });

/** The recorded worker's side, with what happened to the master's tree at the recorded moments. */
function script(): Step[] {
  const path = (name: string): string => join(master.root, name);
  const changes: [number, () => Promise<void>][] = [
    // The first extra-valid round brought a group file, which the second comparison must know.
    [ROUNDS.second, () => Promise.resolve()],
    [
      ROUNDS.afterChange,
      async () => {
        treeAfterFirstRounds = await readNodeTree(master.root, ["etc", "queue/agent-groups", "var/multigroups"]);
        timeOfSentGroups = (await stat(path("queue/agent-groups/002"))).mtimeMs / 1000;
        agentsAfterAgentInfo = (await master.store.listAgents()).agents;
        await writeFile(path("etc/rules/local_rules.xml"), CHANGED_RULES);
        await rm(path("etc/decoders/local_decoder.xml"));
      },
    ],
    [ROUNDS.afterBigFile, () => writeFile(path("etc/lists/big"), BIG_FILE)],
    [ROUNDS.afterRemoval, () => rm(path("etc/lists/big"))],
  ];
  // The recorded master asks for the group file of the unknown agent 900 again, round after round, and this worker
  // sends it again. muster's master reports it once and calls the files in order (quality.md 3).
  let steps = replaceRange(messages, 60, 81, {
    kind: "instead",
    lane: "integrity",
    command: "syn_m_c_ok",
    payload: "",
    answer: { field: "ok ---------", payload: "Thanks" },
  });
  // Between two rounds the recorded worker waited for seconds; the replay waits for the processes themselves.
  for (const { kind, command, index, lane } of messages) {
    const beginsRound = kind === "request" && (command === "syn_i_w_m_p" || command === "syn_a_w_m_p");
    if (beginsRound)
      steps = insertBefore(
        steps,
        index,
        act(lane, () => allFree(master, "worker1")),
      );
  }
  for (const [index, change] of changes) {
    const changeAndIndex = async (): Promise<void> => {
      await change();
      await indexedAnew(master);
    };
    steps = insertBefore(steps, index, act("integrity", changeAndIndex));
  }
  return steps;
}

beforeAll(async () => {
  const port = await freePort();
  const root = await makeReplayRoot({ kind: "master", name: "master", port, tar: "master-before" });
  master = await startReplayNode(root);
  await master.store.importAgents([
    { id: 1, name: "web01" },
    { id: 2, name: "db01" },
    { id: 3, name: "app01" },
  ]);
  const wire = await connectToMaster(port);
  replay = new Replay({
    wire,
    side: "worker",
    standIns: bigFileStandIns(),
    archives: new Map([[BIG_FILE_FRAME, bigFileArchive()]]),
  });
  await replay.run(script());
  await replay.finish();
});

afterAll(async () => {
  await master?.close();
});

test("every message of the recorded master has its counterpart", () => {
  const ofMaster = messages.filter(({ sender }) => sender === "master");
  const leftOut = ofMaster.filter(({ index }) => index >= 60 && index <= 81);
  expect(replay.compared).toBe(ofMaster.length - leftOut.length);
  expect(replay.probes).toBe(0);
});

test("the tree is the recorded one after the first rounds", () => {
  expect(treeAfterFirstRounds).toEqual(treeOf(recordedTree("master-after")));
});

test("a group file of the worker keeps its recorded time", () => {
  const recorded = recordedTree("master-after").find(({ path }) => path === "queue/agent-groups/002");
  expect(timeOfSentGroups).toBe(recorded?.modTime);
});

test("the group file of an unknown agent is reported once", () => {
  const lines = master.logger.messages("warning").filter((line) => line.includes("queue/agent-groups/900"));
  expect(lines).toHaveLength(1);
});

test("the agents have what the worker told of them", () => {
  const told = recordedAgents();
  expect(told.map(({ id }) => id)).toEqual([1, 2]);
  for (const agent of told) {
    expect(agentsAfterAgentInfo.find(({ id }) => id === agent.id)).toMatchObject({ ...agent, sync_status: "synced" });
  }
  expect(agentsAfterAgentInfo.find(({ id }) => id === 3)).toMatchObject({
    name: "app01",
    connection_status: "never_connected",
  });
});

test("nothing of the transfers is left", async () => {
  expect(await transferLeftovers(master.root)).toEqual([]);
});

test("no process ended in an error", () => {
  expect(master.logger.messages("error")).toEqual([]);
});

test("the processes pass through the states of the snapshot", async () => {
  expect(await master.rounds.settled()).toMatchSnapshot();
});
