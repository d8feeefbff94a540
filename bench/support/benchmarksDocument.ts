import { availableParallelism } from "node:os";
import type { BenchRow } from "../BenchRow.js";
import { cells, isMet } from "./results.js";

/** docs/benchmarks.md: every row that was measured, by the benchmark's name. */
export function benchmarksDocument(measured: ReadonlyMap<string, readonly BenchRow[]>, when: Date): string {
  const rows = [...measured.values()].flat();
  const judged = rows.filter((row) => isMet(row) !== undefined);
  const met = judged.filter((row) => isMet(row) === true);
  const sections = [...measured].map(([name, own]) =>
    [`## ${name}`, "", "| work | limit | muster | ratio | goal | |", "|---|---|---|---|---|---|", ...own.map((row) => `| ${cells(row).join(" | ")} |`), ""].join("\n"),
  );
  return [
    "# Benchmarks",
    "",
    `Written by \`npm run bench\` on ${when.toISOString().slice(0, 10)}, on ${String(availableParallelism())} cores with Node ${process.version}: ${String(met.length)} of ${String(judged.length)} goals met.`,
    "",
    "The *limit* is what the machine itself does of the same kind, measured in the same run: read the ratio (muster ÷ limit), since a",
    "busy machine changes both. `bench/README.md` tells what each benchmark does. A goal is a figure, or a multiple of the limit.",
    "",
    ...sections,
  ].join("\n");
}
