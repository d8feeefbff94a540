import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../../../src/protocol/errors/catalogue.js";
import { fileOf, tableBelow } from "./tables.js";

const TEXT = fileOf("docs/troubleshooting.md");
const ROWS = [...tableBelow(TEXT, "## By code: the cluster"), ...tableBelow(TEXT, "## By code: requests")];
const REPOSITORY = new URL("../../../", import.meta.url);

/** The cluster's codes that stand in the product's code; those in comments, and the catalogue itself, don't count. */
function raisedCodes(): Set<number> {
  const files = ["src", "machines", "workers"].flatMap((folder) =>
    readdirSync(new URL(folder, REPOSITORY), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  );
  const sources = files.filter((path) => path.endsWith(".ts") && !path.endsWith("errors/catalogue.ts"));
  const code = sources.map((path) => fileOf(path).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")).join("\n");
  // A number in a call or a list, not a part of another one, and no count of milliseconds.
  return new Set([...code.matchAll(/(?<![\d_.])(30\d\d)(?![\d_.])/g)].map(([, number]) => Number(number)));
}

describe("docs/troubleshooting.md", () => {
  test("explains every code of the cluster that muster raises", () => {
    const raised = raisedCodes();
    expect(raised.size).toBeGreaterThan(20);
    const explained = new Set(ROWS.map(([code]) => Number(code)));
    expect([...raised].filter((code) => CATALOGUE.has(code) && !explained.has(code)).sort()).toEqual([]);
  });

  test("quotes the catalogue, and says for each what to do", () => {
    for (const [code = "", says = "", means = "", todo = ""] of ROWS) {
      expect(CATALOGUE.get(Number(code))?.message ?? "", code).toContain(says);
      expect(Math.min(means.length, todo.length), code).toBeGreaterThan(5);
    }
  });

  test("has each code once", () => {
    const codes = ROWS.map(([code]) => code);
    expect(codes).toEqual([...new Set(codes)]);
  });
});
