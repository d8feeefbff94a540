import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../../support/freePort.js";
import { writeTree } from "../../support/nodeRoot.js";
import { Replay, type ReplayOptions } from "../../support/replay.js";
import { connectToMaster } from "../../support/replayLinks.js";
import { allFree, indexedAnew, startReplayNode, transferLeftovers, type ReplayNode } from "../../support/replayNode.js";
import type { RecordedMessage, Step } from "../../support/replayScript.js";
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
  type SessionTree,
  withoutUnfinishedRound,
} from "./furtherSessions.js";

const SET = "global sync-agent-info-set";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Started {
  readonly port: number;
  readonly master: ReplayNode;
}

async function startMaster(
  tree: SessionTree,
  prepare = (_root: string): Promise<unknown> => Promise.resolve(),
): Promise<Started> {
  const port = await freePort();
  const root = await sessionRoot("master", port, tree);
  await prepare(root);
  const master = await startReplayNode(root);
  closers.push(() => master.close());
  await indexedAnew(master);
  return { port, master };
}

/** Plays the worker of a session and ends with nothing left over. */
async function playWorker(
  { port, master }: Started,
  messages: readonly RecordedMessage[],
  options: Omit<ReplayOptions, "wire" | "side">,
): Promise<ReplayWire> {
  const wire = await connectToMaster(port);
  const replay = new Replay({ ...options, wire, side: "worker" });
  await replay.run(withWaits(master, messages));
  await replay.finish();
  expect(replay.compared).toBe(messages.filter(({ sender }) => sender === "master").length);
  return wire;
}

/** Between two rounds the recorded worker waited for seconds; the replay waits for the processes themselves. */
function withWaits(master: ReplayNode, messages: readonly RecordedMessage[]): Step[] {
  return messages.flatMap((message): Step[] => {
    const { kind, command, lane } = message;
    if (kind !== "request" || (command !== "syn_i_w_m_p" && command !== "syn_a_w_m_p")) return [message];
    const begun = lane === "integrity" ? "integritySync" : "agentInfoSync";
    return [{ kind: "act", lane, act: () => allFree(master, "worker1", [begun]) }, message];
  });
}

test("in-order: files that agree are confirmed as recorded", async () => {
  const messages = session("in-order");
  const tree = sessionTree(messages);
  const started = await startMaster(tree);
  await playWorker(started, [...hello(), ...messages], tree);
  expect(await started.master.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  expect(started.master.logger.messages("error")).toEqual([]);
});

test("agent-info-many-chunks: each chunk goes to the store, and its error comes back as recorded", async () => {
  const messages = withoutUnfinishedRound(session("agent-info-many-chunks"));
  const tree = sessionTree(messages);
  let commands: string[] = [];
  const refusal = "err Cannot execute Global database query; no such column: x";
  const started = await startMaster(tree, async (root) => {
    await mkdir(join(root, "queue/db"), { recursive: true });
    const wdb = await scriptedWdb(root, SET, [refusal, "ok", "ok", "ok"]);
    closers.push(() => wdb.close());
    ({ commands } = wdb);
  });
  await playWorker(started, [...hello(), ...messages], tree);
  expect(await started.master.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  const chunks = recordedChunks(messages).flat();
  expect(chunks).toHaveLength(4);
  expect(commands.filter((command) => command.startsWith(SET))).toEqual(chunks.map((chunk) => `${SET} ${chunk}`));
});

test("sendsync: a worker's requests go to the daemons' sockets, and answers and errors come back as recorded", async () => {
  const messages = session("sendsync");
  const tree = sessionTree(messages);
  const answers = messages.filter(({ about, sender }) => about === "str_upd" && sender === "master").map(({ payload }) => payload?.toString().replace(/^\d+ /, "") ?? "");
  expect(answers[0]).toBe('ok [{"one": 1}]');
  const started = await startMaster(tree, async (root) => {
    await mkdir(join(root, "queue/db"), { recursive: true });
    const wdb = await scriptedWdb(root, "global sql select", answers);
    closers.push(() => wdb.close());
  });
  await playWorker(started, [...hello(), ...messages], tree);
  expect(await started.master.rounds.settled()).toMatchSnapshot("the rounds of its processes");
});

test("error-syn_i_w_m_r: an unknown task is refused and its file removed, and the worker's report frees the process", async () => {
  const messages = session("error-syn_i_w_m_r");
  // The recorded master had lost the task (a fault that was put in). This one knows only the task that it gave out,
  // so the recorded task is announced as it is, and the report names the one that is open.
  const verbatim = new Set(messages.filter(({ about }) => about === "syn_i_w_m_e").map(({ index }) => index));
  expect(verbatim.size).toBe(4);
  const tree = sessionTree(messages);
  const started = await startMaster(tree);
  await playWorker(started, messages, { ...tree, verbatim });
  expect(await started.master.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  await waitUntil(
    async () => (await transferLeftovers(started.master.root)).length === 0,
    5_000,
    "an empty transfer folder",
  );
  await allFree(started.master, "worker1");
});

test("error-syn_m_c_r: a worker that refuses the archive is told of the error, and the next round is as good as any", async () => {
  const messages = session("error-syn_m_c_r");
  const tree = sessionTree(messages);
  const started = await startMaster(tree, (root) => writeTree(root, { [ADDED_FILE.path]: ADDED_FILE.content }));
  await playWorker(started, messages, tree);
  expect(await started.master.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  await waitUntil(
    async () => (await transferLeftovers(started.master.root)).length === 0,
    5_000,
    "an empty transfer folder",
  );
});

test("reconnect: a master that was started anew takes the worker back", async () => {
  const first = session("reconnect", 1);
  const tree = sessionTree(first);
  const started = await startMaster(tree, (root) => writeTree(root, { [ADDED_FILE.path]: ADDED_FILE.content }));
  const wire = await playWorker(started, first, tree);
  expect(await started.master.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  started.master.stop();
  await started.master.ended;
  await wire.closed;
  const restarted = await startReplayNode(started.master.root);
  closers.push(() => restarted.close());
  await indexedAnew(restarted);
  await playWorker({ port: started.port, master: restarted }, session("reconnect", 5), tree);
  expect(await restarted.rounds.settled()).toMatchSnapshot("the rounds of its processes");
  expect(restarted.logger.messages("error")).toEqual([]);
});
