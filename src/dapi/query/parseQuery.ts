import { MusterError } from "../../protocol/errors/MusterError.js";
import { clausesOf, QUERY_OPERATORS, type Query, type QueryOperator } from "./Query.js";

/** Longest `q` that is read, in characters. */
export const LONGEST_QUERY = 10_000;

/** Deepest nesting of parentheses in a `q`. */
export const DEEPEST_QUERY = 32;

/** How much of a wrong query its error repeats, in characters. */
const QUOTED_CHARACTERS = 256;

const FIELD = /[\w-]+(?:\.[\w-]+)*/y;
const OPERATOR = /[=!<>~]{1,2}/y;
const VALUE = /[^,;()=!<>~][^,;()]*/y;

/**
 * Parses a query: clauses `field(=|!=|<|>|~)value`, joined by `;` (and) and `,` (or), with parentheses;
 * `;` binds more strongly (dapi.md 6.2). Spaces belong to the value that they stand in.
 *
 * @param fields the fields that exist; without them any name is taken
 * @throws MusterError 1407 for another form, and beyond `LONGEST_QUERY` or `DEEPEST_QUERY`; 1408 for a field that
 *   does not exist; 1409 for another operator
 */
export function parseQuery(text: string, fields?: readonly string[]): Query {
  if (text.length > LONGEST_QUERY) throw malformed(`longer than ${LONGEST_QUERY} characters`);
  const query = new QueryReader(text).read();
  if (fields !== undefined) refuseUnknownFields(query, fields);
  return query;
}

/** Reads one query from left to right; recursion goes as deep as its parentheses. */
class QueryReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  read(): Query {
    const query = this.readAlternatives(0);
    if (this.at < this.text.length) throw this.unexpected();
    return query;
  }

  private readAlternatives(depth: number): Query {
    return this.readJoined("or", ",", () => this.readJoined("and", ";", () => this.readPart(depth)));
  }

  private readJoined(kind: "and" | "or", separator: string, readOne: () => Query): Query {
    const first = readOne();
    const parts = [first];
    while (this.text[this.at] === separator) {
      this.at += 1;
      parts.push(readOne());
    }
    return parts.length === 1 ? first : { kind, parts };
  }

  private readPart(depth: number): Query {
    if (this.text[this.at] !== "(") return this.readClause();
    if (depth === DEEPEST_QUERY) throw malformed(`parentheses nested more than ${DEEPEST_QUERY} deep`);
    this.at += 1;
    const inner = this.readAlternatives(depth + 1);
    if (this.text[this.at] !== ")") throw this.unexpected();
    this.at += 1;
    return inner;
  }

  private readClause(): Query {
    const start = this.at;
    const field = this.take(FIELD);
    const operator = field === undefined ? undefined : this.take(OPERATOR);
    if (field === undefined || operator === undefined) throw this.unexpected(start);
    if (!isOperator(operator)) throw unknownOperator(operator);
    const value = this.take(VALUE);
    if (value === undefined) throw this.unexpected(start);
    return { kind: "clause", field, operator, value };
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text)?.[0];
    if (match !== undefined) this.at += match.length;
    return match;
  }

  private unexpected(start = this.at): MusterError {
    return malformed(`'${this.text.slice(start, start + QUOTED_CHARACTERS)}'`);
  }
}

function isOperator(text: string): text is QueryOperator {
  return (QUERY_OPERATORS as readonly string[]).includes(text);
}

function refuseUnknownFields(query: Query, fields: readonly string[]): void {
  const known = new Set(fields);
  const unknown = clausesOf(query).find(({ field }) => !known.has(field));
  if (unknown === undefined) return;
  throw MusterError.user(1408, `Available fields: ${fields.join(", ")}. Field: ${unknown.field}`);
}

function unknownOperator(operator: string): MusterError {
  return MusterError.user(1409, `Valid operators: ${QUERY_OPERATORS.join(", ")}. Used operator: ${operator}`);
}

function malformed(what: string): MusterError {
  return MusterError.user(1407, `Parameter 'q' is not valid: ${what}`);
}
