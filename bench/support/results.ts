import type { BenchRow, Goal } from "../BenchRow.js";

/** A figure as people read it: three digits that matter, thousands set apart. */
function shown(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`.trimEnd();
}

/** Figure ÷ limit; undefined without a limit. */
function ratioOf({ figure, limit }: BenchRow): number | undefined {
  return limit === undefined || limit === 0 ? undefined : figure / limit;
}

/** The goal in words; a dash where none is set. */
function goalText({ goal, unit }: BenchRow): string {
  if (goal === undefined) return "–";
  const { most, least, mostOfLimit, leastOfLimit } = goal;
  const parts = [
    most === undefined ? [] : `≤ ${shown(most, unit)}`,
    least === undefined ? [] : `≥ ${shown(least, unit)}`,
    mostOfLimit === undefined ? [] : `≤ ${mostOfLimit.toFixed(2)} × the limit`,
    leastOfLimit === undefined ? [] : `≥ ${leastOfLimit.toFixed(2)} × the limit`,
  ];
  return parts.flat().join(", ");
}

/** Whether the row reaches its goal; undefined where none is set. */
export function isMet(row: BenchRow): boolean | undefined {
  if (row.goal === undefined) return undefined;
  return reaches(row.figure, row.goal) && reachesOfLimit(ratioOf(row), row.goal);
}

function reaches(figure: number, { most = Infinity, least = -Infinity }: Goal): boolean {
  return figure <= most && figure >= least;
}

function reachesOfLimit(ratio: number | undefined, { mostOfLimit, leastOfLimit }: Goal): boolean {
  if (mostOfLimit === undefined && leastOfLimit === undefined) return true;
  return ratio !== undefined && ratio <= (mostOfLimit ?? Infinity) && ratio >= (leastOfLimit ?? -Infinity);
}

/** The cells of a row: work, limit, ours, ratio, goal, verdict. */
export function cells(row: BenchRow): readonly string[] {
  const { what, figure, limit, unit } = row;
  const ratio = ratioOf(row);
  const met = isMet(row);
  return [
    what,
    limit === undefined ? "–" : shown(limit, unit),
    shown(figure, unit),
    ratio === undefined ? "–" : ratio.toFixed(2),
    goalText(row),
    met === undefined ? "–" : met ? "met" : "**missed**",
  ];
}
