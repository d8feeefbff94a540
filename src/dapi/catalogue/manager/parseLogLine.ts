/** The levels of ossec.log, as items have them. */
export const LOG_LEVELS = Object.freeze(["info", "error", "critical", "warning", "debug"] as const);

export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line of ossec.log. */
export interface LogEntry {
  readonly timestamp: Date;
  readonly tag: string;
  readonly level: LogLevel;
  /** With the space in front that separates it from the level. */
  readonly description: string;
}

const BEGINNING = /^(\d{4})\/(\d\d)\/(\d\d)\s(\d\d):(\d\d):(\d\d)\s(\S+)/;
const LEVEL = /:\s(DEBUG|INFO|CRITICAL|ERROR|WARNING):/g;

/**
 * Reads `YYYY/MM/DD HH:MM:SS tag[…]: LEVEL:text` (dapi.md 3.2); the time is the machine's own. Undefined for anything
 * else, the further lines of a long message among them. Takes time in proportion to the line.
 */
export function parseLogLine(line: string): LogEntry | undefined {
  const match = BEGINNING.exec(line);
  if (match === null) return undefined;
  const [beginning, year, month, day, hours, minutes, seconds, word = ""] = match;
  const timestamp = localTime([year, month, day, hours, minutes, seconds].map(Number));
  if (timestamp === undefined) return undefined;

  const wordStart = beginning.length - word.length;
  const bracket = word.lastIndexOf("[");
  // `tag: LEVEL:`, or a tag with more than one word in brackets behind it: then the last level in the line counts.
  const found =
    levelAt(line, beginning.length - 1) ?? (bracket > 0 ? lastLevel(line, wordStart + bracket + 1) : undefined);
  if (found === undefined) return undefined;
  const tag = bracket > 0 ? word.slice(0, bracket) : word.slice(0, -1);
  if (tag === "") return undefined;
  return {
    timestamp,
    tag: tag.includes("rootcheck") ? "wazuh-rootcheck" : tag,
    level: found.level,
    description: line.slice(found.end),
  };
}

interface FoundLevel {
  readonly level: LogLevel;
  readonly end: number;
}

function levelAt(line: string, index: number): FoundLevel | undefined {
  const pattern = new RegExp(LEVEL.source, "y");
  pattern.lastIndex = index;
  const match = pattern.exec(line);
  return match === null ? undefined : { level: levelOf(match[1]), end: index + match[0].length };
}

function lastLevel(line: string, from: number): FoundLevel | undefined {
  const last = [...line.slice(from).matchAll(LEVEL)].at(-1);
  return last === undefined ? undefined : { level: levelOf(last[1]), end: from + last.index + last[0].length };
}

function levelOf(name = ""): LogLevel {
  return name.toLowerCase() as LogLevel;
}

/** Undefined for a date or time that there is not. */
function localTime([year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0]: readonly number[]):
  Date | undefined {
  const date = new Date(year, month - 1, day, hours, minutes, seconds);
  date.setFullYear(year, month - 1, day);
  // A carried-over month or day was none; an hour may move when clocks go forward.
  const isDay = date.getMonth() === month - 1 && date.getDate() === day;
  return isDay && hours < 24 && minutes < 60 && seconds < 60 ? date : undefined;
}
