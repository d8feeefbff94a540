import type { MusterError } from "../protocol/errors/MusterError.js";
import type { DapiRequest } from "./DapiRequest.js";
import type { ApiResult } from "./results/ApiResult.js";

/**
 * Asks a distributed request of the node in whose process this runs: it takes its place in the node's queue
 * as one from the local socket does. An error is the answer, never thrown; a request that nobody waits for any more
 * (`signal`) is given up.
 */
export type AskNode = (request: DapiRequest, options: { readonly signal: AbortSignal }) => Promise<ApiResult | MusterError>;
