import type { Catalogue } from "../../dapi/catalogue/Catalogue.js";
import type { FunctionContext } from "../../dapi/CatalogueFunction.js";
import type { DapiRequest } from "../../dapi/DapiRequest.js";
import type { ApiResult } from "../../dapi/results/ApiResult.js";
import { MusterError } from "../../protocol/errors/MusterError.js";

/** Seconds that a function may take, unless the request says otherwise (dapi.md 1.6). */
export const REQUEST_TIMEOUT = 10;

/** What a message of an error that is not muster's own says to others (dapi.md 1.2). */
const FOREIGN_ERROR = "Wazuh Internal Error. See log for more detail";

export interface Execution {
  readonly catalogue: Catalogue;
  readonly context: Omit<FunctionContext, "request" | "signal">;
  readonly nodeName: string;
  readonly onDefect: (error: unknown) => void;
}

/** Runs a function of the catalogue here (dapi.md 1.3). Errors are results, with this node's name to them. */
export async function executeFunction(request: DapiRequest, execution: Execution, signal: AbortSignal): Promise<ApiResult | MusterError> {
  const { catalogue, context, nodeName, onDefect } = execution;
  try {
    const definition = catalogue.resolve(request.module, request.qualname);
    const parsed = definition.schema.safeParse(request.arguments);
    if (!parsed.success) throw MusterError.user(1104, parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
    return await abortable(definition.run(parsed.data, { ...context, request, signal }), signal);
  } catch (error) {
    if (!(error instanceof MusterError)) onDefect(error);
    return withNode(error, nodeName);
  }
}

/** The error with what this node says of it (dapi.md 1.2). */
export function withNode(error: unknown, nodeName: string): MusterError {
  if (!(error instanceof MusterError)) {
    return new MusterError("WazuhInternalError", 1000, {
      dapiErrors: { [nodeName]: { error: FOREIGN_ERROR, logfile: "WAZUH_HOME/logs/cluster.log" } },
      cause: error,
    });
  }
  const { errorClass, code, extraMessage, extraRemediation, cmdError, title, ids, dapiErrors, message } = error;
  if (Object.keys(dapiErrors).length > 0) return error;
  const isInternal = errorClass === "WazuhInternalError";
  return new MusterError(errorClass, code, {
    extraMessage,
    extraRemediation,
    cmdError,
    title,
    ids,
    dapiErrors: { [nodeName]: { error: message, ...(isInternal ? { logfile: "WAZUH_HOME/logs/api.log" } : {}) } },
    cause: error,
  });
}

/** The promise, or the signal's reason as error 3021 if it comes first. */
function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(MusterError.internal(3021));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", onAbort);
    });
  });
}
