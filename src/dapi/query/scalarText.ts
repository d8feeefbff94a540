/** A value as API clients read it: datetimes as `YYYY-MM-DDTHH:MM:SSZ` (dapi.md 2), null as nothing. */
export function scalarText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return `${value.toISOString().slice(0, 19)}Z`;
  return JSON.stringify(value);
}
