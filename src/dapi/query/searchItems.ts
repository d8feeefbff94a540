import { isRecord } from "../encoding/values.js";
import { scalarText } from "./scalarText.js";

/** A text that items must have somewhere, or must have nowhere. */
export interface Search {
  readonly text: string;
  readonly negation: boolean;
  /** Only in these members of an item; null: in all. */
  readonly inFields: readonly string[] | null;
}

/** The items with the text in one of their values, at any depth and in any case; those without it when negated. */
export function searchItems<Item>(items: readonly Item[], { text, negation, inFields }: Search): readonly Item[] {
  const sought = text.toLowerCase();
  return items.filter((item) => holdsText(item, sought, inFields) !== negation);
}

function holdsText(value: unknown, sought: string, inFields: readonly string[] | null): boolean {
  if (Array.isArray(value)) return value.some((member) => holdsText(member, sought, null));
  if (isRecord(value)) {
    return Object.entries(value).some(
      ([name, member]) => (inFields === null || inFields.includes(name)) && holdsText(member, sought, null),
    );
  }
  return value !== null && value !== undefined && scalarText(value).toLowerCase().includes(sought);
}
