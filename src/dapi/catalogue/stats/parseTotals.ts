import { countOf, damaged } from "./countOf.js";

/** How often one rule fired in an hour. */
interface RuleCount {
  readonly sigid: number;
  readonly level: number;
  readonly times: number;
}

/** One hour of a day's totals (dapi.md 3.2). */
export interface HourTotals {
  readonly hour: number;
  readonly alerts: readonly RuleCount[];
  readonly totalAlerts: number;
  readonly events: number;
  readonly syscheck: number;
  readonly firewall: number;
}

/**
 * Reads a day's totals: lines `hour-sigid-level-times`, and behind those of an hour its sums,
 * `hour--alerts--events--syscheck--firewall`. Lines without a dash pair are passed over.
 *
 * @throws MusterError internal 1309 for a line of another form, with its number
 */
export function parseTotals(text: string): readonly HourTotals[] {
  const hours: HourTotals[] = [];
  let alerts: RuleCount[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const place = `line ${String(index + 1)}`;
    const single = line.split("-");
    if (single.length === 4) {
      const [, sigid, level, times] = single.map((part) => countOf(part, place));
      alerts.push({ sigid: sigid ?? 0, level: level ?? 0, times: times ?? 0 });
      continue;
    }
    const sums = line.split("--");
    if (sums.length <= 1) continue;
    const counts = sums.map((part) => countOf(part, place));
    const [hour, totalAlerts, events, syscheck, firewall, ...more] = counts;
    if (
      hour === undefined ||
      totalAlerts === undefined ||
      events === undefined ||
      syscheck === undefined ||
      firewall === undefined ||
      more.length > 0
    ) {
      throw damaged(place);
    }
    hours.push({ hour, alerts, totalAlerts, events, syscheck, firewall });
    alerts = [];
  }
  return hours;
}
