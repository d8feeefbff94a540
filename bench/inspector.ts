import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createActor, fromPromise, waitFor } from "xstate";
import WebSocket from "ws";
import { integritySync } from "../machines/integritySync.js";
import { Feed } from "../src/inspector/feed/Feed.js";
import { NodeTaps } from "../src/node/NodeTaps.js";
import { systemClock } from "../src/node/ports/systemClock.js";
import { LogTap } from "../src/telemetry/LogTap.js";
import type { BenchRow } from "./BenchRow.js";
import type { BenchNode } from "./support/BenchNode.js";
import { firstSync } from "./support/firstSync.js";
import { percentile } from "./support/statistics.js";
import { fillTree, pathsOf, withFolder } from "./support/trees.js";

const ROUNDS = 1_000;
const REPEATS = 5;
const NOTHING = { missing: 0, shared: 0, extra: 0, extraValid: 0 };
const [INDEX_FILES, INDEX_ROW] = [2_000, "etc/rules/some-rule-file.xml 0123456789abcdef 1700000000\n"];
const INPUT = {
  ...{ peerId: "peer-1", clock: systemClock, timeoutReceivingFile: 60_000, workDeadline: 60_000, transferDeadline: 60_000 },
  ...{ maxLockedIntegrityTime: 60_000, permission: "whenFree" as const },
};
const SYNC_FILES = 5_000;
const SYNCS = 3;
/** Milliseconds until a node that serves the cluster must serve its API. */
const HTTP_DEADLINE = 10_000;
/** A viewer may cost this part of the time. */
const MOST = 1.1;

/**
 * What viewers cost: a real synchronisation with and without a viewer of the master's page, and rounds of the master's
 * real `integritySync` machine, one after the other as fast as they go. The limits: the same without a viewer.
 */
export async function measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const sync = `sync of ${SYNC_FILES.toLocaleString("en-US")} files with a viewer`;
  if (wanted(sync)) {
    const [without, watched]: [number[], number[]] = [[], []];
    // Side by side, so that a noisy moment of the machine touches both.
    for (let repeat = 0; repeat < SYNCS; repeat += 1) {
      without.push(await syncSeconds(false));
      watched.push(await syncSeconds(true));
    }
    rows.push({ what: sync, figure: percentile(watched, 0.5), limit: percentile(without, 0.5), unit: "s", goal: { mostOfLimit: MOST } });
  }
  if (wanted("rounds with viewers")) rows.push(...(await roundRows()));
  return rows;
}

async function syncSeconds(isWatched: boolean): Promise<number> {
  return await withFolder(async (folder) => {
    const { seconds } = await firstSync({
      folder,
      files: SYNC_FILES,
      fill: (root) => fillTree(root, pathsOf(SYNC_FILES)),
      check: () => undefined,
      settings: "http:\n  inspector: open\n",
      ...(isWatched ? { watch: view } : {}),
    });
    return seconds;
  });
}

/** A viewer as the page is one: it takes what it is told. */
async function view(node: BenchNode): Promise<() => void> {
  const { ticket } = (await (await ticketOf(node)).json()) as { ticket: string };
  const socket = new WebSocket(`ws://${node.http}/inspector/ws?ticket=${ticket}`);
  await once(socket, "message");
  socket.on("message", () => undefined);
  return () => {
    socket.close();
  };
}

/** A node serves its API a little later than the cluster. */
async function ticketOf(node: BenchNode): Promise<Response> {
  for (const deadline = performance.now() + HTTP_DEADLINE; ; ) {
    try {
      return await fetch(`http://${node.http}/inspector/ticket`, { method: "POST" });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

async function roundRows(): Promise<readonly BenchRow[]> {
  // The first rounds are slower for whoever comes first: they warm the code, and do not count.
  await rounds(1);
  const best = new Map<number, number>();
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    for (const viewers of [0, 1, 3]) best.set(viewers, Math.min(best.get(viewers) ?? Infinity, await rounds(viewers)));
  }
  const alone = best.get(0) ?? NaN;
  return [1, 3].map((viewers) => ({
    what: `a round's work on the master with ${String(viewers)} ${viewers === 1 ? "viewer" : "viewers"}`,
    figure: (best.get(viewers) ?? NaN) / ROUNDS,
    limit: alone / ROUNDS,
    unit: "ms",
    goal: { mostOfLimit: MOST },
  }));
}

/** Reading a worker's index is the round's real work on the main thread's side: text, cut and counted. */
function readIndex(): number {
  return INDEX_ROW.repeat(INDEX_FILES).split("\n").length - 1;
}

const machine = integritySync.provide({
  actors: {
    readPeerIndex: fromPromise(async () => ({ files: readIndex() })),
    compareIndexes: fromPromise(async () => ({ counts: NOTHING })),
    confirm: fromPromise(() => Promise.resolve()),
  },
});

/** Milliseconds that the rounds took with so many viewers. */
async function rounds(viewers: number): Promise<number> {
  const actor = createActor(machine, { input: INPUT });
  actor.start();
  const identity = { name: "bench", type: "master", cluster: "bench" } as const;
  const peerName = (): string => "w1";
  const feed = new Feed({ identity, actor, taps: new NodeTaps(), log: new LogTap(), clock: systemClock, peerName, secrets: [] });
  const watches = Array.from({ length: viewers }, () => feed.watch({ bufferedAmount: 0, send: () => undefined }));
  const [taskId, path] = ["task", "queue/cluster/index.zip"];
  const began = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) {
    actor.send({ type: "TASK_REQUESTED", requestId: 1, taskId });
    actor.send({ type: "FILE_ANNOUNCED", requestId: 2, taskId, path, received: true });
    await waitFor(actor, (snapshot) => snapshot.value === "free");
  }
  const took = performance.now() - began;
  for (const watch of watches) watch?.end();
  actor.stop();
  return took;
}
