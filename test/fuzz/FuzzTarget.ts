/** A decoder that is fed with whatever comes. */
export interface FuzzTarget {
  readonly name: string;
  /** Well-formed inputs, from recordings where there are some. */
  readonly corpus: () => readonly Buffer[];
  /** Words of the format. */
  readonly dictionary: readonly string[];
  /** Bytes of an input at most. Default: `DEFAULT_MOST_BYTES`. */
  readonly mostBytes?: number;
  /** Steps that an input may cost besides those for its bytes: where code works on tables of its own. */
  readonly moreSteps?: number;
  /** Decodes the input and checks what must hold of the outcome. Throws, unless the input was taken or refused as documented. */
  readonly run: (input: Buffer) => void | Promise<void>;
}

export const DEFAULT_MOST_BYTES = 4096;

/** What a decoder gave for an input, or undefined when it refused it with one of the errors that its documentation names. */
export function takenOrRefused<Value>(decode: () => Value, ...refusals: readonly (abstract new (...args: never[]) => Error)[]): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return undefined;
    throw error;
  }
}

/** As `assert.equal` of two values' JSON, with both shown. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [shown(actual), shown(expected)];
  if (got !== wanted) throw new Error(`${what}: ${cut(got)} instead of ${cut(wanted)}`);
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? `${String(member)}n` : Object.is(member, -0) ? "-0" : member)) ?? "undefined";
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
