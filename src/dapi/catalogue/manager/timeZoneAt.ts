/** A zone as `strftime` prints it: `+0100` and `CET`. */
export interface TimeZone {
  readonly offset: string;
  readonly name: string;
}

/** Places whose people have short names for zones of their own. */
const LOCALES = ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA"] as const;

/**
 * The zone that clocks show at an instant.
 *
 * @param timeZone its name in the zone database
 * @default the machine's zone
 */
export function timeZoneAt(instant: Date, timeZone?: string): TimeZone {
  const nameIn = (locale: string, style: "short" | "longOffset"): string =>
    new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: style })
      .formatToParts(instant)
      .find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign = "+", hours = "00", minutes = "00"] =
    /^GMT([+-])(\d\d):(\d\d)/.exec(nameIn("en-US", "longOffset")) ?? [];
  const short = LOCALES.map((locale) => nameIn(locale, "short")).find((name) => /^[A-Z]{2,6}$/.test(name));
  // A zone without letters is named by its offset, without minutes when it has none.
  return { offset: `${sign}${hours}${minutes}`, name: short ?? `${sign}${hours}${minutes === "00" ? "" : minutes}` };
}
