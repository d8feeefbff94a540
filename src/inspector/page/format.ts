/** `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 10 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return `${String(Math.round(seconds * 1000))} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** The same without what changes faster than a reader reads: whole seconds. */
export function age(milliseconds: number): string {
  return milliseconds < 1000 ? "now" : duration(Math.floor(milliseconds / 1000) * 1000).replace(".0", "");
}

/** `just now`, `4 s ago`. */
export function ago(milliseconds: number): string {
  return milliseconds < 1000 ? "just now" : `${age(milliseconds)} ago`;
}

/** ` for 4 s`, or nothing before there is a second to tell. */
export function during(milliseconds: number, about = ""): string {
  return milliseconds < 1000 ? "" : ` for ${about}${age(milliseconds)}`;
}

/** Made once: a comparison that makes its own costs a hundred times as much, and lists are sorted for every picture. */
const COLLATOR = new Intl.Collator("en", { numeric: true });

/** The order of names as people expect it: `worker-2` before `worker-10`. */
export function compareNames(one: string, other: string): number {
  return COLLATOR.compare(one, other);
}

const UNITS = ["B", "KiB", "MiB", "GiB"] as const;

/** `312 B`, `4.2 KiB`, `18 MiB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : String(Math.round(value))} ${UNITS[unit] ?? ""}`;
}

/** An instant as the viewer's own clock says it: `14:03:27.125`. */
export function clockTime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
