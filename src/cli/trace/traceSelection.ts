import type { TraceLine } from "../../node/trace/TraceLine.js";
import { CommandFailure } from "../CommandFailure.js";

export interface SelectionOptions {
  readonly peer?: readonly string[];
  readonly machine?: readonly string[];
  readonly from?: string;
  readonly to?: string;
}

/** A judgement of which lines a user wants to see. @throws CommandFailure when a time can't be read (status 2) */
export function traceSelection({ peer, machine, from, to }: SelectionOptions): (line: TraceLine) => boolean {
  const isLate = from === undefined ? () => true : comparison("--from", from, (value, bound) => value >= bound);
  const isEarly = to === undefined ? () => true : comparison("--to", to, (value, bound) => value <= bound);
  return (line) =>
    (peer === undefined || (line.peer !== undefined && peer.includes(line.peer))) &&
    (machine === undefined || machine.includes(line.machine)) &&
    isLate(line) &&
    isEarly(line);
}

/** Seconds since the trace began, or an instant. */
function comparison(option: string, text: string, judge: (value: number, bound: number) => boolean): (line: TraceLine) => boolean {
  if (/^\d+(\.\d+)?$/.test(text)) return ({ elapsed }) => judge(elapsed, Number(text) * 1000);
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) {
    throw CommandFailure.wrongUsage(`${option} ${text}: give seconds since the trace began (12.5) or an instant (2026-01-31T12:00:00Z)`);
  }
  return ({ time }) => judge(Date.parse(time), instant);
}
