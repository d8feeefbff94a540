import { printable } from "../../config/printable.js";

/** Columns between two cells, as the reference's tables have them (dapi.md 4.3). */
const GAP = 2;

/**
 * A table as `cluster_control` prints it (dapi.md 4.3): upper-case heads, each cell padded to its column's longest
 * and two more. Ends with a line break.
 */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head.map((name) => name.toUpperCase()), ...rows.map((row) => row.map((cell) => printable(cell)))];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)) + GAP);
  return lines.map((line) => `${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("")}\n`).join("");
}
