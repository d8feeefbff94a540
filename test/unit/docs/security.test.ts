import { describe, expect, test } from "vitest";
import { fileOf, tableBelow } from "./tables.js";

const HEADINGS = ["## Published weaknesses of the reference", "## Gaps that the reference still has", "## Secrets and doors"];
const rows = HEADINGS.flatMap((heading) => tableBelow(fileOf("docs/security.md"), heading)).map((cells) => {
  const [file = "", name = ""] = cells.slice(-2);
  return [cells[0] ?? "", file, name] as const;
});

/** Titles as they stand in a test's source, where a quotation mark may be escaped. */
const isIn = (source: string, name: string): boolean => source.includes(name) || source.includes(name.replaceAll('"', '\\"'));

describe("docs/security.md", () => {
  test.each(rows)("%s: %s has the test", (_, file, name) => {
    expect(name).not.toBe("");
    expect(isIn(fileOf(`test/${file}`), name)).toBe(true);
  });

  test("names every published weakness with an identifier", () => {
    const text = fileOf("docs/security.md");
    for (const id of ["CVE-2025-24016", "CVE-2026-25769", "CVE-2026-30893"]) expect(text).toContain(id);
  });
});
