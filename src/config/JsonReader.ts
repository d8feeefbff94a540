import { printable } from "./printable.js";

/** A JSON object as `JSON.parse` gives it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object (and neither an array nor null). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads typed values out of untyped JSON and notes what is wrong with which path, instead of
 * stopping at the first mistake. Only own properties are looked at, so that names such as
 * `__proto__` or `constructor` mean nothing.
 */
export class JsonReader {
  /** `path: what is wrong`, in the order of discovery. */
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  /** Paths of the values that were there. */
  readonly given: string[] = [];

  /** The object at `holder[name]`; undefined when it is absent or no object (which is noted). */
  object(holder: JsonObject, name: string, path: string): JsonObject | undefined {
    const value = own(holder, name);
    if (value === undefined) return undefined;
    if (isJsonObject(value)) return value;
    this.refuse(path, value, "is not an object");
    return undefined;
  }

  boolean(holder: JsonObject, name: string, path: string, fallback: boolean): boolean {
    const value = own(holder, name);
    if (value === undefined) return fallback;
    this.given.push(path);
    if (typeof value === "boolean") return value;
    this.refuse(path, value, "is not true or false");
    return fallback;
  }

  /** A list of texts, each of which `allows` accepts; `what` says what is needed. */
  texts(
    holder: JsonObject,
    name: string,
    path: string,
    fallback: readonly string[],
    allows: (text: string) => boolean,
    what: string,
  ): readonly string[] {
    const value = own(holder, name);
    if (value === undefined) return fallback;
    this.given.push(path);
    if (!Array.isArray(value)) {
      this.refuse(path, value, `is not a list of ${what}s`);
      return fallback;
    }
    const texts: string[] = [];
    value.forEach((entry: unknown, index) => {
      if (typeof entry === "string" && allows(entry)) texts.push(entry);
      else this.refuse(`${path}[${index}]`, entry, `is not a ${what}`);
    });
    return texts;
  }

  /** A number that `judge` finds no fault with. */
  number(
    holder: JsonObject,
    name: string,
    path: string,
    fallback: number,
    judge: (value: unknown) => string | undefined,
  ): number {
    const value = own(holder, name);
    if (value === undefined) return fallback;
    this.given.push(path);
    const fault = judge(value);
    if (fault === undefined && typeof value === "number") return value;
    this.refuse(path, value, fault ?? "is not a number");
    return fallback;
  }

  /** Warns about names that nothing reads: a misspelt setting would go unnoticed otherwise. */
  warnUnknown(holder: JsonObject, known: readonly string[], path: string): void {
    for (const name of Object.keys(holder)) {
      if (!known.includes(name))
        this.warnings.push(`${pathOf(path, name)}: unknown name, ignored (known: ${known.join(", ")})`);
    }
  }

  refuse(path: string, value: unknown, fault: string): void {
    this.problems.push(`${path}: ${quote(value)} ${fault}`);
  }
}

/** An own property's value; undefined when there is none. */
export function own(holder: JsonObject, name: string): unknown {
  return Object.hasOwn(holder, name) ? holder[name] : undefined;
}

/** `files` + `etc/` → `files["etc/"]`; `intervals` + `worker` → `intervals.worker`. */
export function pathOf(path: string, name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${path}[${JSON.stringify(printable(name))}]`;
  return path === "" ? name : `${path}.${name}`;
}

function quote(value: unknown): string {
  // JSON has no word for a number that overflowed.
  return printable(typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value)));
}
