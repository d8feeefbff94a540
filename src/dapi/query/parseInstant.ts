const INSTANT = /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z?)?$/;

/**
 * Milliseconds since the epoch of a datetime as queries and items have it: `YYYY-MM-DD`, `YYYY-MM-DD HH:mm:ss`,
 * `YYYY-MM-DDTHH:mm:ssZ`, also with a fraction or with slashes; UTC (dapi.md 5.5, 1412). Undefined for anything else.
 */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hours, minutes, seconds] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const fraction = Number((match[7] ?? "").padEnd(6, "0")) / 1000;
  const date = new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day, hours, minutes, seconds));
  // Date.UTC carries over: the 31st of February must not become the 3rd of March.
  const carried = date.getUTCMonth() + 1 !== month || date.getUTCDate() !== day || date.getUTCHours() !== hours;
  return carried || date.getUTCMinutes() !== minutes || date.getUTCSeconds() !== seconds
    ? undefined
    : date.getTime() + fraction;
}
