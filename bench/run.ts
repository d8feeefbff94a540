import { readdirSync } from "node:fs";
import type { BenchRow } from "./BenchRow.js";

/** `npm run bench -- NAME…`: runs the files of this folder that are named, or all, and prints what they measured. */
const folder = import.meta.dirname;
const known = readdirSync(folder)
  .filter((file) => /^[a-z]\w*\.js$/.test(file) && file !== "run.js")
  .map((file) => file.slice(0, -".js".length));
const names = process.argv.length > 2 ? process.argv.slice(2) : known;
for (const name of names) {
  if (!known.includes(name)) {
    process.stderr.write(`bench: there is no ${name}. There are: ${known.join(", ")}.\n`);
    process.exitCode = 2;
    continue;
  }
  const { measure } = (await import(`./${name}.js`)) as { measure: () => Promise<readonly BenchRow[]> };
  for (const { what, figure, limit, unit, detail } of await measure()) {
    const line = `${name}: ${what}: ${figure.toFixed(0)} ${unit}; the limit of this run: ${limit.toFixed(0)} ${unit}; ratio ${(figure / limit).toFixed(2)}`;
    process.stdout.write(`${line}${detail === undefined ? "" : `; ${detail}`}\n`);
  }
}
