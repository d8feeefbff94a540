import type { z } from "zod";
import { isJsonObject } from "../JsonReader.js";
import type { JsonObject } from "../JsonReader.js";
import { DEFAULT_LIMITS } from "../Limits.js";
import type { Limits } from "../Limits.js";
import type { Override } from "../Override.js";
import { problem } from "../ConfigurationProblem.js";
import type { ConfigurationProblem } from "../ConfigurationProblem.js";
import { printable } from "../printable.js";
import { judgeLimits } from "../resolveLimits.js";
import { MASK } from "../secrets.js";
import { defaultSettings, SETTING_ROWS, SETTINGS } from "./schema.js";
import type { Settings } from "./schema.js";
import type { SettingRow } from "./setting.js";
import { YamlDocument } from "./YamlDocument.js";

/** A muster.yaml with what goes over it, and every mistake in both. */
export interface SettingsReading {
  /** Resolved; the defaults where there are problems. */
  readonly settings: Settings;
  readonly limits: Limits;
  readonly problems: readonly ConfigurationProblem[];
  /** Value name → `<file>:<line>` or the override's origin; defaults are not there. */
  readonly origins: ReadonlyMap<string, string>;
}

const ROWS: ReadonlyMap<string, SettingRow> = new Map(SETTING_ROWS.map((row) => [row.path, row]));

/**
 * Reads a muster.yaml, then the overrides over it, without stopping at a mistake.
 *
 * @param text the file's contents; undefined when there is no such file
 * @param overrides the weakest first; those that are for other files are left alone
 */
export function readSettings(text: string | undefined, file: string, overrides: readonly Override[]): SettingsReading {
  const document = new YamlDocument(text ?? "");
  const refused = (mistakes: readonly ConfigurationProblem[]): SettingsReading => ({
    settings: defaultSettings(),
    limits: DEFAULT_LIMITS,
    problems: mistakes,
    origins: new Map(),
  });
  if (document.mistakes.length > 0) {
    return refused(document.mistakes.map((mistake) => problem(3004, `${file}:${mistake.line}: ${printable(mistake.text)}. Correct the file there.`)));
  }
  let value: unknown;
  try {
    value = document.value() ?? {};
  } catch (error) {
    return refused([problem(3004, `${file}: ${printable(error instanceof Error ? error.message : String(error))}.`)]);
  }
  if (!isJsonObject(value)) return refused([problem(3004, `${file}:1: the file must hold settings by name, such as \`log: {level: debug}\`.`)]);

  const origins = originsOf(value, document, file);
  const holder = structuredClone(value) as Record<string, unknown>;
  for (const override of overrides) {
    const kind = override.path.startsWith("limits.") ? "number" : ROWS.get(override.path)?.kind;
    if (kind === undefined) continue;
    if (assign(holder, override.path.split("."), valueOf(override.text, kind))) origins.set(override.path, override.origin);
  }
  const place = (path: readonly (string | number)[]): string => {
    const origin = origins.get(path.join("."));
    if (origin !== undefined) return origin;
    const line = document.lineOf(path);
    return line === undefined ? file : `${file}:${line}`;
  };

  const { limits: givenLimits = {}, ...rest } = holder;
  const judged = isJsonObject(givenLimits)
    ? judgeLimits(givenLimits, "limits")
    : { limits: DEFAULT_LIMITS, problems: ["limits: is not a list of limits by name"] };
  const parsed = SETTINGS.safeParse(rest);
  const problems = [
    ...(parsed.success ? crossChecks(parsed.data, place) : parsed.error.issues.flatMap((issue) => describe(issue, rest, place))),
    ...judged.problems.map((fault) => problem(3004, `${place(pathIn(fault))}: ${fault}`)),
  ];
  return { settings: parsed.success ? parsed.data : defaultSettings(), limits: judged.limits, problems, origins };
}

/** Settings that need each other. */
function crossChecks({ http, tls }: Settings, place: (path: readonly string[]) => string): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const refuse = (path: string, text: string): void => {
    problems.push(problem(3004, `${place(path.split("."))}: ${path}: ${text}`));
  };
  if (tls.enabled) {
    for (const name of ["ca", "certificate", "key"] as const) {
      if (tls[name] === null) refuse(`tls.${name}`, "is needed because tls.enabled is true. Name a PEM file");
    }
  }
  const { certificate, key } = http.tls;
  if ((certificate === null) !== (key === null)) {
    refuse(`http.tls.${certificate === null ? "certificate" : "key"}`, "is needed too: a certificate and its key are set together");
  }
  if (http.listen !== "off" && certificate === null && !http.insecure && !isLoopback(http.listen)) {
    refuse(
      "http.listen",
      `"${printable(http.listen)}" can be reached from other machines, and there is no TLS. Set http.tls.certificate and http.tls.key, or http.insecure: true if you mean it`,
    );
  }
  return problems;
}

function isLoopback(listen: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/.test(listen);
}

function describe(issue: z.core.$ZodIssue, value: unknown, place: (path: readonly (string | number)[]) => string): ConfigurationProblem[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const section = path.join(".");
      const known = [...new Set(siblings(section))];
      const names = section === "" ? [...known, "limits"] : known;
      return problem(3004, `${place([...path, key])}: ${[...path, printable(key)].join(".")}: unknown setting (known: ${names.join(", ")})`);
    });
  }
  const name = path.join(".");
  const row = ROWS.get(name) ?? ROWS.get(path.slice(0, -1).join("."));
  const allowed = row?.notes.allowed ?? `settings by name (${siblings(name).join(", ")})`;
  const found = path.reduce<unknown>((holder, part) => (typeof holder === "object" && holder !== null ? (holder as JsonObject)[part] : undefined), value);
  return [problem(3004, `${place(path)}: ${name}: ${quote(name, found)} is not ${allowed}`)];
}

/** The names that may stand in a section. */
function siblings(section: string): string[] {
  const prefix = section === "" ? "" : `${section}.`;
  const names = SETTING_ROWS.filter(({ path }) => path.startsWith(prefix)).map(({ path }) => path.slice(prefix.length).split(".")[0] ?? "");
  return [...new Set(names)];
}

function originsOf(value: JsonObject, document: YamlDocument, file: string): Map<string, string> {
  const origins = new Map<string, string>();
  const walk = (holder: JsonObject, path: readonly string[]): void => {
    for (const [name, inner] of Object.entries(holder)) {
      const here = [...path, name];
      if (isJsonObject(inner)) walk(inner, here);
      else origins.set(here.join("."), `${file}:${document.lineOf(here) ?? 1}`);
    }
  };
  walk(value, []);
  return origins;
}

/** False when something that is no section is in the way; that is a mistake of the file, told with it. */
function assign(holder: Record<string, unknown>, path: readonly string[], value: unknown): boolean {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    holder[name] = value;
    return true;
  }
  holder[name] ??= {};
  const inner = holder[name];
  return isJsonObject(inner) && assign(inner, rest, value);
}

/** A text of the environment or the command line as the value that it stands for; what stands for none stays a text. */
function valueOf(text: string, kind: SettingRow["kind"]): unknown {
  const trimmed = text.trim();
  switch (kind) {
    case "number":
      return /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed) : text;
    case "boolean":
      return trimmed === "true" || trimmed === "yes" ? true : trimmed === "false" || trimmed === "no" ? false : text;
    case "list":
      return trimmed.split(",").map((entry) => entry.trim());
    case "text":
      return text;
  }
}

/** `limits.openFiles: …` → the path in front. */
function pathIn(fault: string): string[] {
  return (fault.split(":", 1)[0] ?? "").split(".");
}

/** What was found, unless it may be a secret that was written where its file's name belongs. */
function quote(name: string, value: unknown): string {
  if (name.startsWith("keys.") || (typeof value === "string" && /^\w{32}$|PRIVATE KEY/.test(value))) return `"${MASK}"`;
  return printable(typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "nothing"));
}
