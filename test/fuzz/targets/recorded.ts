import { recordedRequests } from "../../support/recordedRequests.js";
import { allRecordings, type RecordedFrame } from "../../support/recordings.js";

/** A shorter one of these is enough to begin with. */
const MOST_SAMPLES = 40;
const LONGEST_SAMPLE = 8192;

/** Frames of all recordings that carry one of these commands, or all. */
export function recordedFrames(...commands: readonly string[]): readonly RecordedFrame[] {
  return allRecordings()
    .flatMap(({ frames }) => frames)
    .filter(({ command }) => commands.length === 0 || commands.includes(command));
}

/** Clear payloads of these commands; behind the first blank only, if asked for. */
export function recordedPayloads(commands: readonly string[], behindBlank = false): readonly Buffer[] {
  const payloads = recordedFrames(...commands).flatMap(({ payload }) => (payload === undefined ? [] : [payload]));
  return samples(payloads.map((payload) => (behindBlank ? payload.subarray(payload.indexOf(0x20) + 1) : payload)));
}

export function recordedDapi(member: "request" | "result"): readonly Buffer[] {
  return samples(allRecordings().flatMap(recordedRequests).map((recorded) => Buffer.from(recorded[member])));
}

/** Different ones, not too long, the shortest first. */
export function samples(inputs: readonly Buffer[]): readonly Buffer[] {
  const different = new Map(inputs.map((input) => [input.toString("latin1"), input]));
  return [...different.values()]
    .filter(({ length }) => length > 0 && length <= LONGEST_SAMPLE)
    .sort((one, other) => one.length - other.length)
    .slice(0, MOST_SAMPLES);
}

export const texts = (...inputs: readonly string[]): readonly Buffer[] => inputs.map((input) => Buffer.from(input));
