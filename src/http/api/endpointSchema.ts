import type { FastifySchema } from "fastify";
import { z } from "zod";
import type { CatalogueFunction } from "../../dapi/CatalogueFunction.js";
import { isRecord, type JsonRecord } from "../../dapi/encoding/values.js";
import type { Endpoint } from "./Endpoint.js";
import type { Parameter } from "./Parameter.js";

const COMMON: JsonRecord = {
  pretty: { type: "boolean", description: "Answer with indented JSON." },
  wait_for_complete: { type: "boolean", description: "Wait for the answer, however long it takes." },
};

const ITEMS: JsonRecord = {
  type: "object",
  properties: {
    data: { type: "object", description: "affected_items, failed_items and their totals; or what the endpoint says otherwise." },
    message: { type: "string" },
    error: { type: "integer", enum: [0, 1, 2], description: "0: all is there; 1: all failed; 2: some failed." },
  },
};

/** A problem document (dapi.md 2). */
const PROBLEM: JsonRecord = {
  type: "object",
  properties: {
    title: { type: "string" },
    detail: { type: "string" },
    remediation: { type: "string" },
    dapi_errors: { type: "object", description: "What each node says." },
    error: { type: "integer", description: "Code of the catalogue, or the HTTP status." },
  },
};

const REFUSALS: Readonly<Record<number, string>> = {
  400: "The request is at fault",
  401: "No token, or none that is valid",
  403: "The user's roles do not allow this",
  404: "There is no such thing",
  429: "Too many requests",
  500: "The node failed",
};

/** What the OpenAPI document says of an endpoint. Requests are not checked by it, but by `translate` and the function. */
export function endpointSchema(endpoint: Endpoint, entry: CatalogueFunction, tag: string): FastifySchema {
  const { parameters = [], summary } = endpoint;
  const known = argumentSchemas(entry);
  const query = parameters.filter(({ place }) => place === "query");
  const path = parameters.filter(({ place }) => place === "path");
  const properties = (list: readonly Parameter[]): JsonRecord =>
    Object.fromEntries(list.map((parameter) => [parameter.name, schemaOf(parameter, known)]));
  return {
    summary,
    description: `Function \`${entry.module}.${entry.qualname}\`; needs \`${entry.permission.action}\`.`,
    tags: [tag],
    querystring: { type: "object", properties: { ...properties(query), ...COMMON } },
    ...(path.length === 0 ? {} : { params: { type: "object", properties: properties(path) } }),
    response: {
      200: { description: "The answer", content: { "application/json": { schema: ITEMS } } },
      ...problemResponses(),
    },
  };
}

/** The answers of an endpoint that is refused. */
export function problemResponses(): JsonRecord {
  return Object.fromEntries(
    Object.entries(REFUSALS).map(([status, description]) => [
      status,
      { description, content: { "application/problem+json": { schema: PROBLEM } } },
    ]),
  );
}

/** JSON schemas of the function's arguments, by name. */
function argumentSchemas(entry: CatalogueFunction): JsonRecord {
  const json: unknown = z.toJSONSchema(entry.schema, { io: "input", unrepresentable: "any" });
  return isRecord(json) && isRecord(json.properties) ? json.properties : {};
}

function schemaOf({ argument, schema, description }: Parameter, known: JsonRecord): JsonRecord {
  const own = argument === undefined ? undefined : known[argument];
  return { ...(isRecord(own) ? withoutNull(own) : schema), description };
}

/** An argument may be null; a parameter is then left out. */
function withoutNull(schema: JsonRecord): JsonRecord {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const others = anyOf.filter((one): one is JsonRecord => isRecord(one) && one.type !== "null");
  const [only] = others;
  return others.length === 1 && only !== undefined ? { ...rest, ...only } : { ...rest, anyOf: others };
}
