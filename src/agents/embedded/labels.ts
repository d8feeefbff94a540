import type { SqlDatabase } from "./SqlDatabase.js";

/** Replaces all labels of an agent; of two with the same key the last one counts. Inside a transaction. */
export function replaceLabels(database: SqlDatabase, id: number, labels: readonly (readonly [string, string])[]): void {
  database.run("DELETE FROM labels WHERE id = ?", id);
  for (const [key, value] of labels) {
    database.run("INSERT OR REPLACE INTO labels (id, key, value) VALUES (?, ?, ?)", id, key, value);
  }
}

/** The labels of `set-labels` and `update-agent-data`: one `key:value` a line. Lines without a colon are skipped. */
export function parseLabelLines(text: string): (readonly [string, string])[] {
  return text
    .split("\n")
    .map((line) => [line, line.indexOf(":")] as const)
    .filter(([, colon]) => colon > 0)
    .map(([line, colon]) => [line.slice(0, colon), line.slice(colon + 1)] as const);
}
