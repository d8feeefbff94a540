import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { RandomSource } from "../../protocol/Clock.js";

/** The machine's own randomness. */
export const systemRandom: RandomSource = Object.freeze({
  uint32: () => randomInt(2 ** 32),
  bytes: (length: number) => randomBytes(length),
  uuid: () => randomUUID(),
});
