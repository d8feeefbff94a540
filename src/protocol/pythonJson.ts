/**
 * A number that Python holds as a float, so that whole values keep their fraction in JSON:
 * `new PythonFloat(1795458272)` prints as `1795458272.0`.
 */
export class PythonFloat {
  constructor(readonly value: number) {}

  /** As Python's `json.dumps` prints a float: `1795457980.7973995`, `1e+16`, `1e-05`, `-0.0`, `NaN`. */
  toString(): string {
    if (Number.isNaN(this.value)) return "NaN";
    if (!Number.isFinite(this.value)) return this.value > 0 ? "Infinity" : "-Infinity";
    const sign = this.value < 0 || Object.is(this.value, -0) ? "-" : "";
    // Both languages choose the shortest digits that read back as the same double; only the layout differs.
    const [mantissa = "0", exponentText = "0"] = Math.abs(this.value).toExponential().split("e");
    const digits = mantissa.replace(".", "");
    return sign + layOut(digits, Number(exponentText));
  }
}

/** Python writes floats below 1e-4 and from 1e16 on with an exponent of at least two digits. */
const SMALLEST_PLAIN_EXPONENT = -4;
const LARGEST_PLAIN_EXPONENT = 15;

function layOut(digits: string, exponent: number): string {
  if (exponent < SMALLEST_PLAIN_EXPONENT || exponent > LARGEST_PLAIN_EXPONENT) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${digits.slice(0, 1)}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}

const PLAIN_TEXT = /^[ !#-[\]-~]*$/;
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\b", "\\b"],
  ["\f", "\\f"],
]);

function quote(text: string): string {
  if (PLAIN_TEXT.test(text)) return `"${text}"`;
  // Without the u flag the pattern meets each half of a surrogate pair by itself, as Python prints them.
  const escaped = text.replace(/[^ !#-[\]-~]/g, (unit) => {
    return SHORT_ESCAPES.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/**
 * JSON exactly as Python's `json.dumps` writes it with its defaults (observed.md, JSON): `", "` and `": "`,
 * ASCII only, keys in their order.
 *
 * Takes null, booleans, strings, numbers (whole ones print as Python ints, others as floats), bigints,
 * `PythonFloat`, arrays, plain objects and Maps with text keys. A Map keeps the order of keys that look
 * like numbers, which an object does not. Keys whose value is `undefined` are left out.
 *
 * @throws TypeError for anything else (functions, symbols, `undefined` in an array, other classes).
 */
export function stringifyPython(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return Number.isSafeInteger(value) ? String(value) : new PythonFloat(value).toString();
    case "bigint":
      return String(value);
    case "object":
      return value === null ? "null" : stringifyObject(value);
    default:
      throw new TypeError(`A value of type ${typeof value} has no JSON form`);
  }
}

function stringifyObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(stringifyPython).join(", ")}]`;
  if (value instanceof PythonFloat) return value.toString();
  if (value instanceof Map) return stringifyMembers(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return stringifyMembers(Object.entries(value));
  throw new TypeError(`An object of class ${value.constructor.name} has no JSON form`);
}

function stringifyMembers(members: Iterable<readonly [unknown, unknown]>): string {
  const texts: string[] = [];
  for (const [key, member] of members) {
    if (typeof key !== "string") throw new TypeError("The keys of a JSON object are texts");
    if (member !== undefined) texts.push(`${quote(key)}: ${stringifyPython(member)}`);
  }
  return `{${texts.join(", ")}}`;
}
