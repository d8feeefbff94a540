import type { RandomSource } from "../../src/protocol/Clock.js";

/** A random source that gives the same values for the same seed (mulberry32). */
export function seededRandom(seed: number): RandomSource & { below(bound: number): number } {
  let state = seed >>> 0;
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => uint32() & 0xff));
  return {
    uint32,
    bytes,
    uuid: () => {
      const hex = bytes(16).toString("hex");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
    below: (bound) => uint32() % bound,
  };
}
