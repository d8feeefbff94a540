import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { parseTemplate } from "./parseTemplate.js";
import type { Part } from "./parseTemplate.js";

type Scope = Readonly<Record<string, unknown>>;
type Call = (args: readonly unknown[]) => unknown;

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|\(|\)|\||[^\s()|"]+)/y;

/** Values over others, member by member; lists and texts are replaced. */
export function mergeValues(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) merged[name] = name in base ? mergeValues(base[name], value) : value;
  return merged;
}

/**
 * The manifests of a chart as text, as `helm template RELEASE CHART --values …` gives them, for templates that keep to
 * `parseTemplate` and the functions below. A value that the chart's values.yaml lacks is an error.
 */
export function renderChart(folder: string, release: string, values: unknown = {}): string {
  const chart = parse(readFileSync(join(folder, "Chart.yaml"), "utf8")) as Readonly<Record<string, unknown>>;
  const defaults: unknown = parse(readFileSync(join(folder, "values.yaml"), "utf8"));
  const scope = {
    Values: mergeValues(defaults, values),
    Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
    Release: { Name: release },
  };
  const names = readdirSync(join(folder, "templates")).sort();
  const files = names.map((name) => ({ name, ...parseTemplate(readFileSync(join(folder, "templates", name), "utf8")) }));
  const defined = new Map(files.flatMap((file) => [...file.defined]));
  const texts = files.filter(({ name }) => !name.startsWith("_")).map(({ body }) => new Rendering(defined).text(body, scope).trim());
  return `${texts.filter((text) => text !== "").join("\n---\n")}\n`;
}

class Rendering {
  readonly #defined: ReadonlyMap<string, readonly Part[]>;
  readonly #variables = new Map<string, unknown>();

  constructor(defined: ReadonlyMap<string, readonly Part[]>) {
    this.#defined = defined;
  }

  text(parts: readonly Part[], dot: unknown): string {
    return parts
      .map((part) => {
        if (part.kind === "text") return part.text;
        if (part.kind === "print") return printed(this.#value(part.expression, dot), part.expression);
        if (part.kind === "if") return this.text(isTrue(this.#value(part.condition, dot)) ? part.then : part.otherwise, dot);
        this.#variables.set(part.name, this.#value(part.expression, dot));
        return "";
      })
      .join("");
  }

  #value(expression: string, dot: unknown): unknown {
    const tokens: string[] = [];
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(expression); match !== null; match = TOKEN.exec(expression)) tokens.push(match[1] ?? "");
    const value = this.#pipeline(tokens, dot);
    if (tokens.length > 0) throw new Error(`left over in ${expression}: ${tokens.join(" ")}`);
    return value;
  }

  #pipeline(tokens: string[], dot: unknown): unknown {
    let value = this.#command(tokens, dot, []);
    while (tokens[0] === "|") {
      tokens.shift();
      value = this.#command(tokens, dot, [value]);
    }
    return value;
  }

  #command(tokens: string[], dot: unknown, piped: readonly unknown[]): unknown {
    const first = tokens[0] ?? "";
    const call = Object.hasOwn(this.#functions, first) ? this.#functions[first] : undefined;
    if (call !== undefined) tokens.shift();
    const args: unknown[] = [];
    while (tokens.length > 0 && tokens[0] !== "|" && tokens[0] !== ")") args.push(this.#term(tokens, dot));
    if (call !== undefined) return call([...args, ...piped]);
    if (args.length !== 1 || piped.length > 0) throw new Error(`this renderer knows no function ${first}`);
    return args[0];
  }

  #term(tokens: string[], dot: unknown): unknown {
    const token = tokens.shift() ?? "";
    if (token === "(") {
      const value = this.#pipeline(tokens, dot);
      if (tokens.shift() !== ")") throw new Error("a parenthesis is not closed");
      return value;
    }
    if (token.startsWith('"')) return JSON.parse(token);
    if (/^\d+$/.test(token)) return Number(token);
    if (token === ".") return dot;
    const [head = "", ...path] = token.split(".");
    if (!token.startsWith(".") && !this.#variables.has(head)) throw new Error(`this renderer does not understand ${token}`);
    return path.reduce<unknown>((value, name) => {
      if (!isRecord(value) || !Object.hasOwn(value, name)) throw new Error(`there is no ${name} of ${token}`);
      return value[name];
    }, head === "" ? dot : this.#variables.get(head));
  }

  readonly #functions: Readonly<Record<string, Call>> = {
    default: ([fallback, value]) => (isTrue(value) ? value : fallback),
    dict: (pairs) => Object.fromEntries(pairs.flatMap((name, index) => (index % 2 === 0 ? [[String(name), pairs[index + 1]]] : []))),
    eq: ([one, other]) => isDeepStrictEqual(one, other),
    include: ([name, dot]) => {
      const parts = this.#defined.get(String(name));
      if (parts === undefined) throw new Error(`nothing defines ${String(name)}`);
      return new Rendering(this.#defined).text(parts, dot);
    },
    nindent: ([count, text]) => `\n${String(text).replace(/^(?=.)/gm, " ".repeat(Number(count)))}`,
    printf: ([format, ...values]) => {
      const left = [...values];
      return String(format).replaceAll("%s", () => String(left.shift()));
    },
    quote: ([value]) => JSON.stringify(String(value)),
    toYaml: ([value]) => stringify(value, { version: "1.1" }).trimEnd(),
  };
}

const isRecord = (value: unknown): value is Scope => typeof value === "object" && value !== null && !Array.isArray(value);

/** As Go's templates judge: nothing, false, 0, an empty text, list or map is not true. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isRecord(value) ? Object.keys(value).length > 0 : Boolean(value);
}

function printed(value: unknown, expression: string): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error(`${expression} gives nothing that could be printed`);
}
