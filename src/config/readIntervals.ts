import type { ClusterIntervals } from "./ClusterItems.js";
import { INTERVAL_NAMES, UNREAD_INTERVALS } from "./intervalNames.js";
import type { JsonObject, JsonReader } from "./JsonReader.js";

/** Longest interval in seconds: timers count milliseconds in a signed 32-bit number. */
export const LONGEST_INTERVAL = 2_147_483;

/**
 * The intervals of a cluster.json over `defaults` (dapi.md 5.3): seconds above 0, fractions allowed.
 * Mistakes go to `reader`; names that muster does not know are warned about, for the file may have
 * been written for another release.
 */
export function readIntervals(reader: JsonReader, json: JsonObject, defaults: ClusterIntervals): ClusterIntervals {
  const intervals = reader.object(json, "intervals", "intervals") ?? {};
  reader.warnUnknown(intervals, Object.keys(INTERVAL_NAMES), "intervals");
  const section = <Section extends keyof ClusterIntervals>(name: Section): ClusterIntervals[Section] => {
    const path = `intervals.${name}`;
    const given = reader.object(intervals, name, path) ?? {};
    const spelling: Readonly<Record<string, string>> = INTERVAL_NAMES[name];
    reader.warnUnknown(given, [...Object.values(spelling), ...UNREAD_INTERVALS[name]], path);
    const resolved = Object.entries(defaults[name]).map(([key, fallback]: [string, number]) => {
      const jsonName = spelling[key] ?? key;
      const judge = OTHER_UNITS[jsonName] ?? faultOfSeconds;
      return [key, reader.number(given, jsonName, `${path}.${jsonName}`, fallback, judge)] as const;
    });
    return Object.fromEntries(resolved) as unknown as ClusterIntervals[Section];
  };
  return { worker: section("worker"), master: section("master"), communication: section("communication") };
}

/** The settings that are no seconds. */
const OTHER_UNITS: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  max_failed_keepalive_attempts: faultOfCount,
  agent_groups_mismatch_limit: faultOfCount,
  max_zip_size: faultOfCount,
  min_zip_size: faultOfCount,
  compress_level: (value) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 9 ? undefined : "is not a whole number from 0 to 9",
  zip_limit_tolerance: (value) =>
    typeof value === "number" && value > 0 && value < 1 ? undefined : "is not a number above 0 and below 1",
};

function faultOfSeconds(value: unknown): string | undefined {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) return "is not a number of seconds above 0";
  if (value > LONGEST_INTERVAL) return `is more than ${LONGEST_INTERVAL} seconds, the longest that a timer can wait`;
  return undefined;
}

function faultOfCount(value: unknown): string | undefined {
  return Number.isSafeInteger(value) && Number(value) > 0 ? undefined : "is not a whole number above 0";
}
