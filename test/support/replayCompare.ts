import assert from "node:assert/strict";

/** Of a long payload, as far as a failure shows it. */
const SHOWN_BYTES = 300;

/** What a node chooses: a task id, a string id, the path of an archive. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const STRING_ID = /^(0|[1-9]\d{0,9})$/;
export const ARCHIVE_PATH = /^\/queue\/cluster\/([^/]+)\/\1-\d+\.\d+-(?:\d+|[0-9a-f]{32})\.zip$/;
/** A date of `get_health`: muster always prints the first form, the reference sometimes `2026-11-23 17:33:36.413385`. */
const HEALTH_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const RECORDED_DATE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{6}Z?$/;

/** @throws AssertionError that shows the difference and names the recorded message. */
export function same(label: string, live: unknown, recorded: unknown): void {
  if (typeof live !== "string" || typeof recorded !== "string" || live === recorded) {
    return assert.deepEqual({ [label]: live }, { [label]: recorded });
  }
  let at = 0;
  while (live[at] === recorded[at]) at += 1;
  const around = (text: string): string => text.slice(Math.max(0, at - SHOWN_BYTES), at + SHOWN_BYTES);
  assert.deepEqual({ [label]: around(live) }, { [label]: around(recorded) });
}

/** A payload for the text of a failure. */
export function shown(payload: Buffer): string {
  return payload.toString("utf8", 0, SHOWN_BYTES);
}

/** The first word of a payload, and what follows the space behind it. */
export function splitAtSpace(payload: Buffer): [head: string, tail: Buffer] {
  const space = payload.indexOf(" ");
  return space === -1
    ? [payload.toString(), Buffer.alloc(0)]
    : [payload.toString("utf8", 0, space), payload.subarray(space + 1)];
}

/** Two answers of `get_health`: the dates of both in the form that each may have, everything else the same. */
export function sameHealth(label: string, live: string, recorded: string): void {
  same(label, withoutDates(live, HEALTH_DATE), withoutDates(recorded, RECORDED_DATE));
}

/** What a node stored, with the seconds that this took as `<seconds>`. */
export function withoutSeconds(result: string): string {
  return result.replace(/"time_spent": \d[\d.e-]*/, '"time_spent": <seconds>');
}

/** JSON with every date of this form as `<date>`; other texts stay. */
function withoutDates(json: string, form: RegExp): unknown {
  return JSON.parse(json, (_, value: unknown) => (typeof value === "string" && form.test(value) ? "<date>" : value));
}
