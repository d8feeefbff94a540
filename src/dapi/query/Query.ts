/** How a clause compares: equal, not equal, less, greater, contains (dapi.md 6.2, q grammar). */
export type QueryOperator = "=" | "!=" | "<" | ">" | "~";

/** All operators, in the order in which errors name them. */
export const QUERY_OPERATORS: readonly QueryOperator[] = Object.freeze(["=", "!=", "<", ">", "~"] as const);

/** One comparison, for example `os.name~ubuntu`. */
export interface Clause {
  readonly kind: "clause";
  /** A member's name; dots stand between nested names. */
  readonly field: string;
  readonly operator: QueryOperator;
  readonly value: string;
}

/** Several parts that must all hold (`;`), or of which one must (`,`). Two parts at least. */
export interface Junction {
  readonly kind: "and" | "or";
  readonly parts: readonly Query[];
}

/** A parsed `q`: what the API calls a query. */
export type Query = Clause | Junction;

/** All clauses of a query, from left to right. */
export function clausesOf(query: Query): readonly Clause[] {
  return query.kind === "clause" ? [query] : query.parts.flatMap(clausesOf);
}
