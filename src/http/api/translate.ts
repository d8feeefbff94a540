import type { JsonRecord } from "../../dapi/encoding/values.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { flagOf } from "../queryFlags.js";
import type { Endpoint } from "./Endpoint.js";
import { mergeArguments } from "./Parameter.js";

/** Parameters of every endpoint. */
const COMMON: ReadonlySet<string> = new Set(["pretty", "wait_for_complete"]);

/** A request as the API means it. */
export interface Translation {
  /** The function's arguments (`f_kwargs`). */
  readonly arguments: JsonRecord;
  /** Wait for the answer without a time limit of the function's. */
  readonly waitForComplete: boolean;
  /** Answer with indented JSON. */
  readonly pretty: boolean;
  readonly broadcasting: boolean;
}

/** Names and texts as the server gives them. */
export type Given = Readonly<Record<string, unknown>>;

/**
 * Path and query of a request as arguments of the endpoint's function (dapi.md 3).
 *
 * @param wallTime milliseconds since the epoch
 * @throws MusterError for an unknown parameter (1104), for one that is given twice, and for what a text can't mean
 */
export function translate(endpoint: Endpoint, path: Given, query: Given, wallTime: number): Translation {
  const { parameters = [], fixed = {}, atTime, finish, broadcastBy } = endpoint;
  const known = parameters.filter(({ place }) => place === "query").map(({ name }) => name);
  for (const name of Object.keys(query)) {
    if (COMMON.has(name) || known.includes(name)) continue;
    const remediation = `This endpoint takes ${[...known, ...COMMON].join(", ")}`;
    throw MusterError.user(1104, `unknown parameter ${JSON.stringify(name)}`, { extraRemediation: remediation });
  }
  const parts = parameters.map((parameter): JsonRecord => {
    const { name, place, otherwise = {} } = parameter;
    const given = place === "path" ? own(path, name) : own(query, name);
    if (given === undefined) return otherwise;
    if (typeof given !== "string") throw MusterError.user(1104, `${name} is given more than once`);
    return parameter.toArguments(given);
  });
  const merged = mergeArguments(fixed, atTime?.(wallTime) ?? {}, ...parts);
  const args = finish?.(merged) ?? merged;
  return {
    arguments: args,
    waitForComplete: flagOf("wait_for_complete", own(query, "wait_for_complete")),
    pretty: flagOf("pretty", own(query, "pretty")),
    broadcasting: broadcastBy !== undefined && args[broadcastBy] === "*",
  };
}

function own(given: Given, name: string): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}
