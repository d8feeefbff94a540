import type { XmlElement } from "./XmlElement.js";

/** Collects the `details` of a rule or decoder (dapi.md 3.5). */
export class Details {
  private readonly members = new Map<string, unknown>();
  private readonly patterns = new Map<string, string>();

  set(name: string, value: unknown): void {
    this.members.set(name, value);
  }

  /** A second value of the same name makes a list. */
  add(name: string, value: unknown): void {
    const known = this.members.get(name);
    if (!this.members.has(name)) this.members.set(name, value);
    else this.members.set(name, Array.isArray(known) ? [...(known as readonly unknown[]), value] : [known, value]);
  }

  /** `{pattern, …attributes}`; a second pattern of the same name follows the first, with its own attributes. */
  addPattern(name: string, pattern: string, attributes: Iterable<readonly [string, string]>): void {
    const joined = (this.patterns.get(name) ?? "") + pattern;
    this.patterns.set(name, joined);
    this.members.set(name, Object.fromEntries([["pattern", joined], ...attributes]));
  }

  toObject(): Readonly<Record<string, unknown>> {
    return Object.freeze(Object.fromEntries(this.members));
  }
}

/** Attributes of an element but those of the given names. */
export function otherAttributes(
  { attributes }: XmlElement,
  ...names: readonly string[]
): readonly (readonly [string, string])[] {
  return [...attributes].filter(([name]) => !names.includes(name));
}
