import { readFileSync } from "node:fs";

/** A file's text, by its path relative to the repository's root. */
export function fileOf(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
}

/** The rows of the first Markdown table below a heading, without its head: one array of trimmed cells each. */
export function tableBelow(text: string, heading: string): string[][] {
  const from = text.split(`${heading}\n`)[1];
  if (from === undefined) throw new Error(`there is no heading ${heading}`);
  const lines = from.split("\n");
  const first = lines.findIndex((line) => line.startsWith("|"));
  const rest = lines.slice(first);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(2, end < 0 ? undefined : end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("\\|", "|")),
  );
}
