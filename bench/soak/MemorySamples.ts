import { setTimeout as sleep } from "node:timers/promises";
import type { BenchNode } from "../support/BenchNode.js";
import { trendOf, type Trend } from "../support/statistics.js";

/** Milliseconds between two samples. */
const INTERVAL = 5_000;

/** What a process's memory did after the warm-up. */
export interface MemoryCourse {
  readonly name: string;
  /** MiB. */
  readonly first: number;
  readonly last: number;
  readonly most: number;
  /** MiB a minute. */
  readonly trend: Trend;
}

/** The memory of processes, sampled while something goes on. */
export class MemorySamples {
  readonly #samples = new Map<BenchNode, (readonly [minutes: number, mebibytes: number])[]>();

  constructor(nodes: readonly BenchNode[]) {
    for (const node of nodes) this.#samples.set(node, []);
  }

  /** Samples for so many minutes. `tell` hears of each minute that is over. */
  async take(minutes: number, tell: (minute: number) => void): Promise<void> {
    const began = performance.now();
    for (let told = 0; ; await sleep(INTERVAL)) {
      const passed = (performance.now() - began) / 60_000;
      for (const [node, samples] of this.#samples) samples.push([passed, (await node.memory()).now]);
      if (passed >= minutes) return;
      if (Math.floor(passed) > told) tell((told = Math.floor(passed)));
    }
  }

  /** The courses from a minute on. The samples of a part of the time are one point: neighbours are no independent witnesses. */
  courses(from: number, points: number): readonly MemoryCourse[] {
    return [...this.#samples].map(([{ name }, all]) => {
      const samples = all.filter(([minute]) => minute >= from);
      const size = Math.max(1, Math.ceil(samples.length / points));
      const means: (readonly [number, number])[] = [];
      for (let at = 0; at < samples.length; at += size) means.push(meanOf(samples.slice(at, at + size)));
      return { name, first: means[0]?.[1] ?? NaN, last: means[means.length - 1]?.[1] ?? NaN, most: Math.max(...samples.map(([, value]) => value)), trend: trendOf(means) };
    });
  }
}

function meanOf(samples: readonly (readonly [number, number])[]): readonly [number, number] {
  const mean = (at: 0 | 1): number => samples.reduce((sum, sample) => sum + sample[at], 0) / samples.length;
  return [mean(0), mean(1)];
}
