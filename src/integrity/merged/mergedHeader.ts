/** What the header of one part of a merged file says (protocol.md 9). */
export interface MergedHeader {
  readonly name: string;
  /** Bytes of content that follow the header. */
  readonly size: number;
  /** Modification time in seconds since the epoch, with microseconds as a fraction. */
  readonly modTime: number;
}

/** `<size> <name> <date> <time>[.<microseconds>][+00:00]`; later releases write the offset (dialects.md 1.6). */
const HEADER = /^([0-9]{1,15}) (.+) ([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?(?:\+00:00)?$/su;

const MICROSECONDS = 1_000_000;

/** The instants that Python's datetime can say, in seconds. */
const FIRST_SECOND = Date.parse("0001-01-01T00:00:00Z") / 1000;
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/**
 * The header of one part, its newline included, as UTF-8. The time is UTC; microseconds are written
 * only when they are not zero, as Python's `str(datetime)` does (observed.md, JSON).
 *
 * @throws RangeError when the name is empty or holds a newline: such a header could not be read again.
 */
export function formatMergedHeader(header: MergedHeader): Buffer {
  if (header.name === "" || header.name.includes("\n")) {
    throw new RangeError(`${JSON.stringify(header.name)} cannot name a part of a merged file`);
  }
  return Buffer.from(`${header.size} ${header.name} ${formatTime(header.modTime)}\n`, "utf8");
}

/** Reads a header without its newline; undefined when it is malformed or its date is none of the calendar. */
export function parseMergedHeader(line: string): MergedHeader | undefined {
  const fields = HEADER.exec(line);
  if (fields === null) return undefined;
  const [, size, name, year, month, day, hour, minute, second, fraction] = fields;
  const seconds = calendarSeconds([year, month, day, hour, minute, second].map(Number));
  if (name === undefined || seconds === undefined) return undefined;
  const microseconds = Number((fraction ?? "").padEnd(6, "0"));
  return { name, size: Number(size), modTime: (seconds * MICROSECONDS + microseconds) / MICROSECONDS };
}

function formatTime(modTime: number): string {
  const bounded = Math.min(Math.max(modTime, FIRST_SECOND), LAST_SECOND);
  // The fraction by itself: the whole time in microseconds would not fit a double for distant dates.
  const rounded = Math.round((bounded - Math.floor(bounded)) * MICROSECONDS);
  const seconds = Math.floor(bounded) + (rounded === MICROSECONDS ? 1 : 0);
  const microseconds = rounded % MICROSECONDS;
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
  return microseconds === 0 ? text : `${text}.${String(microseconds).padStart(6, "0")}`;
}

/** Seconds since the epoch of [year, month, day, hour, minute, second], if there is such an instant. */
function calendarSeconds(fields: readonly number[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  const read = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  return read.every((value, position) => value === fields[position]) ? date.getTime() / 1000 : undefined;
}
