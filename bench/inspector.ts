/**
 * What viewers cost a synchronisation: rounds of the master's real `integritySync` machine, one after the other as fast
 * as they go, with no viewer, one, and three. Prints ratios: the times themselves are this machine's.
 *
 * Run by itself: `npm run build && node dist/bench/inspector.js`.
 */
import { createActor, fromPromise, waitFor } from "xstate";
import { integritySync } from "../machines/integritySync.js";
import { Feed } from "../src/inspector/feed/Feed.js";
import { NodeTaps } from "../src/node/NodeTaps.js";
import { systemClock } from "../src/node/ports/systemClock.js";
import { LogTap } from "../src/telemetry/LogTap.js";

const ROUNDS = 1_500;
const REPEATS = 5;
const NOTHING = { missing: 0, shared: 0, extra: 0, extraValid: 0 };
const [INDEX_FILES, INDEX_ROW] = [2_000, "etc/rules/some-rule-file.xml 0123456789abcdef 1700000000\n"];
const INPUT = {
  ...{ peerId: "peer-1", clock: systemClock, timeoutReceivingFile: 60_000, workDeadline: 60_000, transferDeadline: 60_000 },
  ...{ maxLockedIntegrityTime: 60_000, permission: "whenFree" as const },
};

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
async function measure(viewers: number): Promise<number> {
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

// The first rounds are slower for whoever comes first: they warm the code, and do not count.
await measure(1);
const best = new Map<number, number>();
for (let repeat = 0; repeat < REPEATS; repeat += 1) {
  // Side by side, so that a noisy moment of the machine touches all of them.
  for (const viewers of [0, 1, 3]) best.set(viewers, Math.min(best.get(viewers) ?? Infinity, await measure(viewers)));
}
const alone = best.get(0) ?? NaN;
for (const [viewers, took] of best) {
  const rate = Math.round((ROUNDS * 1000) / took);
  process.stdout.write(`${String(viewers)} viewers: ${String(rate)} rounds/s, ${((alone / took) * 100).toFixed(0)} % of the rate without\n`);
}
