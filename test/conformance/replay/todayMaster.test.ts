import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { PeerProcess } from "../../../machines/workerPeer.js";
import { zlib414 } from "../../../src/protocol/dialects/zlib414.js";
import { freePort } from "../../support/freePort.js";
import { Replay } from "../../support/replay.js";
import { connectToMaster } from "../../support/replayLinks.js";
import { allFree, indexedAnew, makeReplayRoot, startReplayNode, transferLeftovers, type ReplayNode } from "../../support/replayNode.js";
import { insertBefore, type RecordedMessage, type Step } from "../../support/replayScript.js";
import { BIG_FILE, BIG_FILE_FRAMES, bigFileArchive, bigFileStandIns, CHANGED_RULES, recordedLists, RecordedStore, REMOVED_DECODER, todaysMessages } from "./today.js";

/** A live master of dialect 4.14 on the recorded tree, and the worker's side of a recording. */
interface Session {
  readonly master: ReplayNode;
  readonly replay: Replay;
  readonly store: RecordedStore;
}

/** What happens to the master's tree before the rounds that begin at these frames. */
const CHANGES: Readonly<Record<number, (path: (name: string) => string) => Promise<unknown>>> = {
  106: async (path) => {
    await writeFile(path("etc/rules/local_rules.xml"), CHANGED_RULES);
    await writeFile(path("etc/lists/big"), BIG_FILE);
    await rm(path(REMOVED_DECODER));
  },
  148: (path) => rm(path("etc/lists/big")),
};

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function play(messages: readonly RecordedMessage[], worker: string, changes: typeof CHANGES = {}): Promise<Session> {
  const port = await freePort();
  const root = await makeReplayRoot({ kind: "master", name: "master", port, tar: "master-before", dialect: zlib414 });
  const store = await RecordedStore.open(root, messages);
  const master = await startReplayNode(root, zlib414);
  ended.push(() => master.close(), () => store.close());
  const wire = await connectToMaster(port);
  ended.unshift(() => wire.end());
  const archives = new Map([[BIG_FILE_FRAMES[0], bigFileArchive()]]);
  const replay = new Replay({ wire, side: "worker", strings: "agentGroups", standIns: bigFileStandIns(), archives });
  let steps: readonly Step[] = store.paced(messages);
  const process: Partial<Record<string, PeerProcess>> = { syn_i_w_m_p: "integritySync", syn_a_w_m_p: "agentInfoSync" };
  for (const { kind, command, index, lane } of messages) {
    const begun = kind === "request" ? process[command] : undefined;
    if (begun === undefined) continue;
    const act = async (): Promise<void> => {
      await allFree(master, worker, [begun]);
      if (begun !== "integritySync") return;
      await changes[index]?.((name) => join(root, name));
      // Once for each pass over its files a master of this dialect permits a round.
      await indexedAnew(master);
    };
    steps = insertBefore(steps, index, { kind: "act", lane, act });
  }
  await replay.run(steps.filter(({ lane }) => lane === "hello"));
  await replay.runLanes(steps.filter(({ lane }) => lane !== "hello"));
  await replay.finish();
  return { master, replay, store };
}

const ofMaster = (messages: readonly RecordedMessage[]): number => messages.filter(({ sender, lane }) => sender === "master" && lane !== "keepalive").length;

test("first-sync: every message of the recorded master has its counterpart", async () => {
  const messages = todaysMessages("first-sync");
  const { master, replay, store } = await play(messages, "worker1", CHANGES);
  expect(replay.compared).toBe(ofMaster(messages));
  expect(store.lists).toEqual([recordedLists()]);
  expect(await transferLeftovers(master.root)).toEqual([]);
  expect(master.logger.messages("error")).toEqual([]);
  expect(await master.rounds.settled()).toMatchSnapshot();
});

test("groups-full: a worker whose groups stay different gets all of them", async () => {
  const messages = todaysMessages("groups-full");
  const { master, replay, store } = await play(messages, "worker2");
  expect(replay.compared).toBe(ofMaster(messages));
  expect(store.commands.filter((command) => command === "global recalculate-agent-group-hashes")).toHaveLength(2);
  expect(master.logger.messages("error")).toEqual([]);
  expect(await master.rounds.settled()).toMatchSnapshot();
});
