import { ConfigurationError } from "./ConfigurationError.js";
import { problem } from "./ConfigurationProblem.js";
import { JsonReader, pathOf } from "./JsonReader.js";
import type { JsonObject } from "./JsonReader.js";
import { DEFAULT_LIMITS } from "./Limits.js";
import type { Limits } from "./Limits.js";
import { LONGEST_INTERVAL } from "./readIntervals.js";

/** A peer of this dialect sends frames of up to this many bytes (protocol.md 1). */
const REQUEST_CHUNK = 5 * 1024 * 1024;

/** Limits of which the first must not be above the second. */
const ORDERED: readonly (readonly [keyof Limits, keyof Limits])[] = [
  ["frameBytesBeforeHello", "frameBytes"],
  ["frameBytes", "messageBytes"],
  ["ungreetedPerAddress", "ungreetedConnections"],
  ["archiveEntryBytes", "archiveBytes"],
  ["requestsPerNode", "requestsAtOnce"],
];

/** Clear bytes whose token still fits into one frame of `REQUEST_CHUNK` (four thirds, and a rest). */
const LARGEST_TRANSFER_CHUNK = Math.floor(((REQUEST_CHUNK - 1024) * 3) / 4);

/**
 * Limits over `DEFAULT_LIMITS`. All are whole numbers above 0, but `helloTimeout` may be a fraction
 * of seconds and `inlineCryptoBytes` may be 0 (everything on the pool).
 *
 * @param given the limits to change, as they were read from a file
 * @param path where they stand in that file, for messages
 * @throws ConfigurationError 3004 that lists every mistake; also an unknown name is one, because a
 * misspelt limit protects nothing
 */
export function resolveLimits(given: JsonObject, path = "limits"): Limits {
  const reader = new JsonReader();
  const names = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
  for (const name of Object.keys(given)) {
    if (!names.some((known) => known === name)) {
      reader.problems.push(`${pathOf(path, name)}: unknown limit (known: ${names.join(", ")})`);
    }
  }
  const limits = Object.fromEntries(
    names.map((name) => [
      name,
      reader.number(given, name, `${path}.${name}`, DEFAULT_LIMITS[name], (value) => faultOf(name, value)),
    ]),
  ) as unknown as Limits;
  for (const [smaller, larger] of ORDERED) {
    if (limits[smaller] > limits[larger]) {
      reader.problems.push(
        `${path}.${smaller}: ${limits[smaller]} is above ${path}.${larger}, which is ${limits[larger]}`,
      );
    }
  }
  if (reader.problems.length > 0) throw new ConfigurationError(reader.problems.map((text) => problem(3004, text)));
  return Object.freeze(limits);
}

function faultOf(name: keyof Limits, value: unknown): string | undefined {
  if (name === "helloTimeout") {
    const fits = typeof value === "number" && value > 0 && value <= LONGEST_INTERVAL;
    return fits ? undefined : `is not a number of seconds above 0 and up to ${LONGEST_INTERVAL}`;
  }
  const least = name === "inlineCryptoBytes" ? 0 : name === "frameBytes" ? REQUEST_CHUNK : 1;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) {
    return `is not a whole number from ${least} to ${Number.MAX_SAFE_INTEGER}`;
  }
  if (name === "transferChunkBytes" && value > LARGEST_TRANSFER_CHUNK) {
    return `is more than ${LARGEST_TRANSFER_CHUNK}, so that messages would have to be divided`;
  }
  return undefined;
}
