import type { JsonRecord } from "../../dapi/encoding/values.js";
import type { RequestType } from "../../dapi/DapiRequest.js";
import type { Parameter } from "./Parameter.js";

/** One endpoint of the API: a path, and the function of the catalogue that answers it. A new one is one entry of its subject's table. */
export interface Endpoint {
  readonly method: "GET" | "PUT";
  /** With names in braces: `/cluster/{node_id}/status`. */
  readonly path: string;
  /** `module:qualname` of the catalogue. */
  readonly call: string;
  readonly summary: string;
  /** Where it is run. @default what the function asks for */
  readonly requestType?: RequestType;
  readonly parameters?: readonly Parameter[];
  /** Arguments that are always the same, before those of the parameters. */
  readonly fixed?: JsonRecord;
  /** What depends on the time of the request. */
  readonly atTime?: (wallTime: number) => JsonRecord;
  /** The last word on the arguments. */
  readonly finish?: (args: JsonRecord) => JsonRecord;
  /** Awaited on the other side's loop, with a local client: of use to other nodes only (dapi.md 1.1). @default false */
  readonly isAsync?: boolean;
  /** The argument whose `*` means all nodes or agents, whichever there are (dapi.md 1.4, broadcasting). */
  readonly broadcastBy?: string;
  /** The answer to `raw=true` is a document of this type instead of JSON. */
  readonly rawType?: string;
}
