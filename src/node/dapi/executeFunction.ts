import type { Catalogue } from "../../dapi/catalogue/Catalogue.js";
import type { CatalogueFunction, FunctionContext } from "../../dapi/CatalogueFunction.js";
import type { DapiRequest } from "../../dapi/DapiRequest.js";
import type { DaemonReadiness } from "../../dapi/readiness.js";
import { isAllowed } from "../../dapi/rbac/permissions.js";
import type { ApiResult } from "../../dapi/results/ApiResult.js";
import { MusterError } from "../../protocol/errors/MusterError.js";

/** Where people read more of an error, by the catalogue's words (dapi.md 1.2). */
const LOG_FILE = "WAZUH_HOME/logs/api.log";
/** What an error that is not muster's own says to others: its text may tell too much (dapi.md 1.2; recorded). */
const FOREIGN_ERROR = Object.freeze({ error: "Wazuh Internal Error. See log for more detail", logfile: "WAZUH_HOME/logs/cluster.log" });
/** Stands for this node in the errors that an asker sees who may not know it (dapi.md 1.2). */
const UNKNOWN_NODE = "unknown-node";
/** The one function that tells which daemons run is not kept from it by those that don't (dapi.md 1.3). */
const STATUS = { module: "wazuh.manager", qualname: "get_status" } as const;

export interface Execution {
  readonly catalogue: Catalogue;
  readonly context: Omit<FunctionContext, "request" | "signal">;
  readonly readiness: DaemonReadiness;
  readonly onDefect: (error: unknown) => void;
}

/** Runs a function of the catalogue here (dapi.md 1.3). Errors are results, with this node's name to them. */
export async function executeFunction(request: DapiRequest, execution: Execution, signal: AbortSignal): Promise<ApiResult | MusterError> {
  const { catalogue, context, readiness, onDefect } = execution;
  const { nodeName } = context.config.cluster;
  try {
    const definition = catalogue.resolve(request.module, request.qualname);
    if (!isStatus(definition)) await readiness.require(request.basicServices, nodeName);
    requirePermission(definition, request, nodeName);
    const { agent_list: agents, ...others } = request.arguments;
    const args = agents === "*" ? others : request.arguments;
    const parsed = definition.schema.safeParse(args);
    if (!parsed.success) {
      const faults = parsed.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
      throw MusterError.user(1104, faults.join("; "));
    }
    return await abortable(definition.run(parsed.data, { ...context, request, signal }), signal);
  } catch (error) {
    if (!(error instanceof MusterError)) onDefect(error);
    return withNode(error, nodeName, request);
  }
}

/** The error with what this node says of it (dapi.md 1.2). */
export function withNode(error: unknown, nodeName: string, request: Pick<DapiRequest, "rbacPermissions">): MusterError {
  const shown = isAllowed(request.rbacPermissions, "cluster:read", "node:id", nodeName) ? nodeName : UNKNOWN_NODE;
  if (!(error instanceof MusterError)) {
    return new MusterError("WazuhInternalError", 1000, { dapiErrors: { [shown]: FOREIGN_ERROR }, cause: error });
  }
  const { errorClass, code, extraMessage, extraRemediation, cmdError, title, ids, dapiErrors, message } = error;
  if (Object.keys(dapiErrors).length > 0) return error;
  const told = { error: message, ...(errorClass === "WazuhInternalError" ? { logfile: LOG_FILE } : {}) };
  return new MusterError(errorClass, code, { extraMessage, extraRemediation, cmdError, title, ids, dapiErrors: { [shown]: told }, cause: error });
}

function isStatus({ module, qualname }: CatalogueFunction): boolean {
  return module === STATUS.module && qualname === STATUS.qualname;
}

/** Kinds of which a function itself tells the allowed ones from the denied ones. */
const TOLD_APART: ReadonlySet<string> = new Set(["agent:id", "agent:group"]);

/**
 * Holds a request against its asker's permissions (dapi.md 3.7), as far as the function does not do it thing by thing: a
 * function about this node needs it for this node, one about things that can't be told apart for all of them.
 *
 * @throws MusterError 4000
 */
function requirePermission({ permission, requestType }: CatalogueFunction, { rbacPermissions }: DapiRequest, nodeName: string): void {
  const { action, resource } = permission;
  // What only the master answers and is about nodes is about those that the request names.
  if (TOLD_APART.has(resource) || (resource === "node:id" && requestType === "local_master")) return;
  const isOfThisNode = resource === "node:id";
  if (isAllowed(rbacPermissions, action, resource, isOfThisNode ? nodeName : "*")) return;
  throw new MusterError("WazuhPermissionError", 4000, { extraMessage: `Resource type: ${resource}`, ids: isOfThisNode ? [nodeName] : [] });
}

/** The promise, or error 3021 if the signal comes first. */
function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(MusterError.internal(3021));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const forget = (): void => {
      signal.removeEventListener("abort", onAbort);
    };
    promise.then(resolve, reject);
    promise.then(forget, forget);
  });
}
