import type { BenchRow } from "../BenchRow.js";
import type { FirstSync } from "./firstSync.js";

/** Milliseconds that the main thread may keep others waiting (quality.md 1). */
const LONGEST_PAUSE = 50;
const P99_PAUSE = 20;

/** What every synchronisation tells besides its time: memory, pauses, and the wait of another peer. */
export function syncRows(work: string, { memory, pauses, idle, during }: FirstSync, mostMemory?: number): readonly BenchRow[] {
  const goal = mostMemory === undefined ? {} : { goal: { most: mostMemory } };
  return [
    { what: `${work}: memory of the master`, figure: memory.master, unit: "MiB", ...goal },
    { what: `${work}: memory of the worker`, figure: memory.worker, unit: "MiB", ...goal },
    { what: `${work}: another peer's echo, p99`, figure: during.p99, limit: idle.p99, unit: "ms", goal: { most: 10 } },
    { what: `${work}: another peer's longest wait`, figure: during.longest, limit: idle.longest, unit: "ms", goal: { most: 40 } },
    ...(["master", "worker"] as const).flatMap((node): readonly BenchRow[] => [
      { what: `${work}: pause of the ${node}'s main thread, p99`, figure: pauses[node].p99, unit: "ms", goal: { most: P99_PAUSE } },
      { what: `${work}: pause of the ${node}'s main thread, longest`, figure: pauses[node].longest, unit: "ms", goal: { most: LONGEST_PAUSE } },
    ]),
  ];
}
