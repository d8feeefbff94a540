import { parseInstant } from "./parseInstant.js";
import type { Clause, Query, QueryOperator } from "./Query.js";
import { scalarText } from "./scalarText.js";
import { valuesAt } from "./valuesAt.js";

/** The value that stands for nothing: `group=null` (dapi.md 6.2). */
const NOTHING = "null";

/**
 * Does an item fulfil a query? A list fulfils a clause when one of its members does; an item without the field
 * fulfils none but `field=null`.
 */
export function matchesQuery(item: unknown, query: Query): boolean {
  switch (query.kind) {
    case "clause":
      return matchesClause(item, query);
    case "and":
      return query.parts.every((part) => matchesQuery(item, part));
    case "or":
      return query.parts.some((part) => matchesQuery(item, part));
  }
}

function matchesClause(item: unknown, { field, operator, value }: Clause): boolean {
  const values = valuesAt(item, field).filter((own) => own !== null);
  if (value === NOTHING && operator === "=") return values.length === 0 || values.includes(NOTHING);
  if (value === NOTHING && operator === "!=") return values.some((own) => own !== NOTHING);
  return values.some((own) => holds(own, operator, value));
}

function holds(own: unknown, operator: QueryOperator, asked: string): boolean {
  if (operator === "~") return scalarText(own).includes(asked);
  const order = compare(own, asked);
  switch (operator) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order !== undefined && order < 0;
    case ">":
      return order !== undefined && order > 0;
  }
}

/** Numbers as numbers, datetimes as instants, all else as text; undefined when the two can't be compared. */
function compare(own: unknown, asked: string): number | undefined {
  if (typeof own === "number") {
    const number = asked.trim() === "" ? Number.NaN : Number(asked);
    return Number.isNaN(number) ? undefined : own - number;
  }
  const instant = own instanceof Date ? own.getTime() : typeof own === "string" ? parseInstant(own) : undefined;
  if (instant !== undefined) {
    const askedInstant = parseInstant(asked);
    if (askedInstant !== undefined) return instant - askedInstant;
    if (own instanceof Date) return undefined;
  }
  const text = scalarText(own);
  return text === asked ? 0 : text < asked ? -1 : 1;
}
