import { describe, expect, test } from "vitest";
import { CLUSTER_ELEMENTS } from "../../../src/config/ClusterReading.js";
import { DEFAULT_LIMITS } from "../../../src/config/Limits.js";
import { readSettings } from "../../../src/config/settings/readSettings.js";
import { SETTING_ROWS } from "../../../src/config/settings/schema.js";
import { reloadOf } from "../../../src/config/reloadOf.js";
import { DEFAULT_CLUSTER_VALUES } from "../../../src/config/readClusterBlock.js";
import { fileOf, tableBelow } from "./tables.js";

const TEXT = fileOf("docs/configuration.md");
const code = (value: unknown): string => (value === null ? "–" : `\`${Array.isArray(value) ? `[${value.join(", ")}]` : (value as string | number | boolean)}\``);

describe("docs/configuration.md", () => {
  test("holds every setting with default, unit, what is allowed, example and reload", () => {
    expect(tableBelow(TEXT, "## Settings")).toEqual(
      SETTING_ROWS.map(({ path, default: value, notes }) => [
        code(path),
        code(value),
        notes.unit ?? "–",
        notes.allowed,
        code(notes.example),
        notes.reload,
        notes.about,
      ]),
    );
  });

  test("gives examples that are allowed", () => {
    const wrong = SETTING_ROWS.filter(({ path, notes }) => {
      const nested = path.split(".").reduceRight((inner, name) => `{${name}: ${inner}}`, notes.example.startsWith("[") ? notes.example : JSON.stringify(parsed(notes.example)));
      const { problems } = readSettings(nested, "muster.yaml", []);
      return problems.some(({ detail }) => !/is needed|no TLS/.test(detail));
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("holds every element of the cluster block with its default", () => {
    const rows = Object.fromEntries(tableBelow(TEXT, "## The cluster block").map(([name = "", value = ""]) => [name, value]));
    const defaults: Readonly<Record<string, unknown>> = { ...DEFAULT_CLUSTER_VALUES, key: null, nodes: null, disabled: "no" };
    expect(rows).toEqual(Object.fromEntries(Object.entries(CLUSTER_ELEMENTS).map(([setting, element]) => [code(element), code(defaults[setting])])));
  });

  test("names the limits that need a restart", () => {
    const fixed = Object.keys(DEFAULT_LIMITS).filter((name) => reloadOf(`limits.${name}`) === "restart");
    const row = tableBelow(TEXT, "## Reload").find(([, holds]) => holds === "after a restart")?.[0] ?? "";
    expect(fixed.filter((name) => !row.includes(`\`limits.${name}\``))).toEqual([]);
    expect(fixed).toHaveLength(row.split("`limits.").length - 1);
  });
});

const parsed = (example: string): unknown => (/^(?:\d+|true|false)$/.test(example) ? JSON.parse(example) : example);
