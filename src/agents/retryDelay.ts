import type { RandomSource } from "../protocol/Clock.js";

/**
 * Milliseconds before attempt number `failures` + 1: doubled with each failure up to `longest`, less up to half of
 * it at random, so that many nodes do not come back at the same instant.
 */
export function retryDelay(failures: number, first: number, longest: number, random: RandomSource): number {
  const full = Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (1 - random.uint32() / 0x1_0000_0000 / 2));
}
