import { isRecord, type JsonRecord } from "../../dapi/encoding/values.js";
import { MusterError } from "../../protocol/errors/MusterError.js";

/** A parameter of an endpoint: what its text means for the function's arguments. */
export interface Parameter {
  readonly name: string;
  readonly place: "path" | "query";
  /** JSON schema of the parameter; the schema of the argument that it sets, where the catalogue has one, is used instead. */
  readonly schema: JsonRecord;
  readonly description: string;
  /** The argument that its text becomes as it is; undefined when it is translated. */
  readonly argument?: string;
  /** The arguments that a text makes. @throws MusterError that says what is wrong with it */
  toArguments(text: string): JsonRecord;
  /** The arguments when it is not given. */
  readonly otherwise?: JsonRecord;
}

/** A parameter whose text is the argument. */
export function text(name: string, description: string, argument = name): Parameter {
  return { name, place: "query", schema: { type: "string" }, description, argument, toArguments: (given) => ({ [argument]: given }) };
}

/** A parameter that is a member of the argument `filters` (dapi.md 3.3). */
export function filter(name: string, description: string): Parameter {
  return { name, place: "query", schema: { type: "string" }, description, toArguments: (given) => ({ filters: { [name]: given } }) };
}

/** A filter of several values, with commas between them. */
export function filterList(name: string, description: string): Parameter {
  return { ...filter(name, description), schema: LIST, toArguments: (given) => ({ filters: { [name]: listOf(name, given) } }) };
}

/** Names or ids with commas between them. */
export function list(name: string, description: string, argument: string): Parameter {
  return {
    name,
    place: "query",
    schema: LIST,
    description: `${description}, with commas between them.`,
    toArguments: (given) => ({ [argument]: listOf(name, given) }),
  };
}

/** The same, where `*`, or nothing, stands for all: the argument is then `otherwise`, or not there. */
export function listOrAll(name: string, description: string, argument: string, all?: "*"): Parameter {
  const everything: JsonRecord = all === undefined ? {} : { [argument]: all };
  const plain = list(name, description, argument);
  return {
    ...plain,
    toArguments: (given) => (given === "*" ? everything : plain.toArguments(given)),
    otherwise: everything,
  };
}

/** `true` or `false`. */
export function flag(name: string, description: string): Parameter {
  return {
    name,
    place: "query",
    schema: { type: "boolean" },
    description,
    toArguments: (given) => {
      if (given === "true" || given === "") return { [name]: true };
      if (given === "false") return { [name]: false };
      throw MusterError.user(1104, `${name} must be true or false`);
    },
  };
}

/** A part of the path that is an argument as it is. */
export function inPath(name: string, description: string): Parameter {
  return { ...text(name, description), place: "path" };
}

/** A part of the path that is the only one of a list. */
export function oneInPath(name: string, description: string, argument: string): Parameter {
  return { name, place: "path", schema: { type: "string" }, description, toArguments: (given) => ({ [argument]: [given] }) };
}

export const LIST: JsonRecord = { type: "array", items: { type: "string" } };

/** @throws MusterError 1104 when there is an empty name */
export function listOf(name: string, given: string): readonly string[] {
  const names = given.split(",");
  if (names.includes("")) throw MusterError.user(1104, `${name} must be names with commas between them, none of them empty`);
  return names;
}

/** Arguments put together: `filters` of several parameters become one. */
export function mergeArguments(...parts: readonly JsonRecord[]): JsonRecord {
  const merged: Record<string, unknown> = {};
  for (const [name, value] of parts.flatMap((part) => Object.entries(part))) {
    const known = Object.hasOwn(merged, name) ? merged[name] : undefined;
    merged[name] = isRecord(known) && isRecord(value) ? { ...known, ...value } : value;
  }
  return merged;
}
