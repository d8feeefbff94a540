import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_AGENT_STORE_SETTINGS } from "../../../src/agents/AgentStoreSettings.js";
import { defaultClusterItems } from "../../../src/config/defaultClusterItems.js";
import { INTERVAL_NAMES } from "../../../src/config/intervalNames.js";
import { DEFAULT_LIMITS } from "../../../src/config/Limits.js";
import { DEFAULT_HTTP_SETTINGS } from "../../../src/http/HttpSettings.js";
import { fileOf, tableBelow } from "./tables.js";

const LIMITS = fileOf("docs/limits.md");
const FACTORS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `64 KiB` → 65536; `1,024` → 1024; `20,000 ms` → 20000. */
function quantity(cell: string | undefined): number {
  const [number = "", unit = ""] = (cell ?? "").split(" ");
  return Number(number.replaceAll(",", "")) * (FACTORS[unit] ?? 1);
}

/** Name → value of a table, with the name's backticks removed. */
function quantities(heading: string): Record<string, number> {
  const rows = tableBelow(LIMITS, heading).map(
    ([, name = "", value]) => [name.replaceAll("`", ""), quantity(value)] as const,
  );
  return Object.fromEntries(rows);
}

/** The number that a source file's `const NAME = …` stands for: digits, `*`, `_` and hexadecimal. */
function constantIn(path: string, name: string): number | undefined {
  const text = new RegExp(`const ${name}(?:: \\w+)? = ([\\d_a-fx.* ]+);`).exec(
    readFileSync(fileUrl(path), "utf8"),
  )?.[1];
  return text?.split("*").reduce((product, factor) => product * Number(factor.trim().replaceAll("_", "")), 1);
}

const fileUrl = (path: string): URL => new URL(`../../../${path}`, import.meta.url);

describe("docs/limits.md", () => {
  test("holds every limit with its default", () => {
    expect(quantities("## Limits")).toEqual(DEFAULT_LIMITS);
  });

  test("holds every interval by its name in cluster.json, with its default", () => {
    const { intervals } = defaultClusterItems();
    const expected = Object.entries(INTERVAL_NAMES).flatMap(([section, names]) =>
      Object.entries(names).map(([name, spelling]) => {
        const values: Readonly<Record<string, number>> = intervals[section as keyof typeof intervals];
        return [`${section}.${spelling}`, values[name]] as const;
      }),
    );
    expect(quantities("## Intervals and timeouts")).toEqual(Object.fromEntries(expected));
  });

  test("holds every setting of the agent store with its default", () => {
    expect(quantities("## The agent store")).toEqual(DEFAULT_AGENT_STORE_SETTINGS);
  });

  test("holds every setting of the HTTP API with its default", () => {
    expect(quantities("## The HTTP API")).toEqual(DEFAULT_HTTP_SETTINGS);
  });

  test.each(tableBelow(LIMITS, "## Fixed bounds"))("%s: %s is %s", (_bound, name, value, path) => {
    expect(constantIn(path ?? "", (name ?? "").replaceAll("`", ""))).toBe(quantity(value));
  });

  test.each(["## Limits", "## Intervals and timeouts", "## Fixed bounds", "## The agent store", "## The HTTP API"])(
    "names under %s only files that are there, the test last",
    (heading) => {
      const paths = tableBelow(LIMITS, heading).flatMap((cells) => [`test/${cells.at(-1) ?? ""}`, ...cells.slice(0, -1).filter((cell) => /^(src|machines)\//.test(cell))]);
      const missing = paths.filter((path) => path !== "test/–" && (!existsSync(fileUrl(path)) || path === "test/"));
      expect(missing).toEqual([]);
    },
  );

  test.each(["## Limits", "## Intervals and timeouts"])("names a test for each row under %s: peers meet these", (heading) => {
    expect(tableBelow(LIMITS, heading).filter((cells) => !cells.at(-1)?.endsWith(".test.ts"))).toEqual([]);
  });
});
