import { processorSeconds } from "./processorSeconds.js";

const CLIENTS = 20;
/** Milliseconds before answers count: the nodes' code gets compiled. And milliseconds of one measurement. */
const TIMES = { warmUp: 3_000, duration: 4_000 };

/** One asker on a connection of its own. */
export interface Client {
  /** Resolves when the answer is there; rejects when it is not the right one. */
  ask(): Promise<void>;
  close(): void;
}

export interface Load {
  /** Answers a second, of all clients together. */
  readonly rate: number;
  /** Percentiles of the latency, for people. */
  readonly latency: string;
  /** Milliseconds of processor time that the processes spent on one request. */
  readonly processorTime: number;
}

/** Twenty clients at once, each of which asks again as soon as it has its answer. */
export async function measureLoad(open: () => Promise<Client>, processIds: readonly number[], { warmUp, duration } = TIMES): Promise<Load> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, open));
  const latencies: number[] = [];
  const start = performance.now() + warmUp;
  const end = start + duration;
  let spent = 0;
  const measuring = setTimeout(() => void processorSeconds(processIds).then((seconds) => (spent -= seconds)), warmUp);
  const askOn = async (client: Client): Promise<void> => {
    for (let before = performance.now(); before < end; ) {
      await client.ask();
      const after = performance.now();
      if (after >= start && after < end) latencies.push(after - before);
      before = after;
    }
  };
  try {
    await Promise.all(clients.map(askOn));
    spent += await processorSeconds(processIds);
  } finally {
    clearTimeout(measuring);
    for (const client of clients) client.close();
  }
  latencies.sort((one, other) => one - other);
  const at = (share: number): string => (latencies[Math.floor(latencies.length * share)] ?? NaN).toFixed(1);
  return {
    rate: (latencies.length * 1_000) / duration,
    latency: `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)} ms`,
    processorTime: (spent * 1_000) / latencies.length,
  };
}
