import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench, BenchRow } from "./BenchRow.js";
import { benchmarksDocument } from "./support/benchmarksDocument.js";
import { cells, isMet } from "./support/results.js";

/**
 * `npm run bench`: all files of this folder, and `docs/benchmarks.md` from what they measured. `npm run bench -- NAME…
 * [--row TEXT…]`: those named, of them the work whose name holds one of the texts, and no
 * document unless `--write` asks for it.
 */
const folder = import.meta.dirname;
const known = readdirSync(folder)
  .filter((file) => /^[a-z]\w*\.js$/.test(file) && file !== "run.js")
  .map((file) => file.slice(0, -".js".length));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { row: { type: "string", multiple: true }, write: { type: "boolean" } } });
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`bench: there is no ${unknown.join(", ")}. There are: ${known.join(", ")}.\n`);
  process.exit(2);
}
const texts = (values.row ?? []).map((text) => text.toLowerCase());
const wanted = (work: string): boolean => texts.length === 0 || texts.some((text) => work.toLowerCase().includes(text));

const measured = new Map<string, readonly BenchRow[]>();
for (const name of positionals.length > 0 ? positionals : known) {
  const began = performance.now();
  const { measure } = (await import(`./${name}.js`)) as Bench;
  try {
    const rows = (await measure(wanted)).filter(({ what }) => wanted(what));
    for (const row of rows) process.stdout.write(`${name}: ${line(row)}\n`);
    measured.set(name, rows);
    process.stderr.write(`${name} took ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
  } catch (error) {
    // The others are worth their figures all the same.
    process.stderr.write(`bench: ${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
if (values.write === true || (positionals.length === 0 && texts.length === 0)) {
  await writeFile(join(folder, "../../docs/benchmarks.md"), benchmarksDocument(measured, new Date()));
  process.stdout.write("Wrote docs/benchmarks.md.\n");
}
const missed = [...measured.values()].flat().filter((row) => isMet(row) === false);
if (missed.length > 0) process.stdout.write(`${String(missed.length)} goals were missed.\n`);

function line(row: BenchRow): string {
  const [what, limit, ours, ratio, goal, verdict] = cells(row);
  return `${what ?? ""}: ${ours ?? ""}; limit ${limit ?? ""}; ratio ${ratio ?? ""}; goal ${goal ?? ""}: ${(verdict ?? "").replaceAll("*", "")}${row.detail === undefined ? "" : `; ${row.detail}`}`;
}
