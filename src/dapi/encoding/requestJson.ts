import { MusterError } from "../../protocol/errors/MusterError.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import type { DapiRequest, RequestType } from "../DapiRequest.js";
import { decodeValue, encodeValue, isRecord, undecodable, type JsonRecord } from "./values.js";

/** Daemons that must run for a function, unless the request names others (dapi.md 1.1). */
const BASIC_SERVICES: readonly string[] = ["wazuh-modulesd", "wazuh-analysisd", "wazuh-execd", "wazuh-db", "wazuh-remoted"];

const REQUEST_TYPES: readonly RequestType[] = ["local_any", "local_master", "distributed_master"];
const NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** A request with its defaults (dapi.md 1.1). */
export function newRequest(request: Pick<DapiRequest, "module" | "qualname"> & Partial<DapiRequest>): DapiRequest {
  return {
    arguments: {},
    requestType: "local_master",
    waitForComplete: false,
    fromCluster: false,
    isAsync: false,
    localClientArgument: null,
    basicServices: BASIC_SERVICES,
    rbacPermissions: { rbac_mode: "black" },
    currentUser: "",
    broadcasting: false,
    nodes: [],
    apiTimeout: null,
    ...request,
  };
}

/**
 * Reads a request's JSON; members that are absent have their defaults, and unknown ones are ignored.
 * The function stays a pair of names.
 *
 * @throws MusterError 1000 that says which member has another form than it should
 */
export function parseRequest(text: string): DapiRequest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw MusterError.internal(1000, `a DAPI request is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isRecord(json)) throw wrong("the request", "an object");
  const take = <Value>(name: string, otherwise: Value, what: string, check: (value: unknown) => value is Value): Value => {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    if (value === undefined) return otherwise;
    if (!check(value)) throw wrong(name, what);
    return value;
  };
  const flag = (name: string): boolean => take(name, false, "true or false", isBoolean);
  const timeout = take("api_timeout", null, "a number of seconds or null", isSecondsOrNull);
  return {
    ...parseCallable(json.f),
    arguments: decodeValue(take("f_kwargs", {}, "an object", isRecord)) as JsonRecord,
    requestType: take("request_type", "local_master", REQUEST_TYPES.join(", "), isRequestType),
    waitForComplete: flag("wait_for_complete"),
    fromCluster: flag("from_cluster"),
    isAsync: flag("is_async"),
    localClientArgument: take("local_client_arg", null, "a text or null", isTextOrNull),
    basicServices: take("basic_services", BASIC_SERVICES, "a list of texts", isTextList),
    rbacPermissions: plain(take("rbac_permissions", { rbac_mode: "black" }, "an object", isRecord)),
    currentUser: take("current_user", "", "a text", isText),
    broadcasting: flag("broadcasting"),
    nodes: take("nodes", [], "a list of texts", isTextList),
    apiTimeout: timeout,
  };
}

/** A request as it travels: the reference's members in its order. */
export function formatRequest(request: DapiRequest): string {
  return stringifyPython({
    f: {
      __callable__: {
        __name__: request.qualname.split(".").at(-1) ?? "",
        __module__: request.module,
        __qualname__: request.qualname,
        __type__: "function",
      },
    },
    f_kwargs: encodeValue(request.arguments),
    request_type: request.requestType,
    wait_for_complete: request.waitForComplete,
    from_cluster: request.fromCluster,
    is_async: request.isAsync,
    local_client_arg: request.localClientArgument,
    basic_services: request.basicServices,
    rbac_permissions: request.rbacPermissions,
    current_user: request.currentUser,
    broadcasting: request.broadcasting,
    nodes: request.nodes,
    api_timeout: request.apiTimeout,
  });
}

/** A record that will travel on as it came. @throws MusterError 1000 as `decodeValue` */
function plain(value: JsonRecord): JsonRecord {
  decodeValue(value);
  return value;
}

/** `{"__callable__": {…}}` as a pair of names. A bound method (`__wazuh__`) is one of class Wazuh, by its name. */
function parseCallable(value: unknown): Pick<DapiRequest, "module" | "qualname"> {
  const callable = isRecord(value) ? value.__callable__ : undefined;
  if (!isRecord(callable)) throw wrong("f", 'an object with "__callable__"');
  const { __module__: module, __qualname__: qualname } = callable;
  if (!isText(module) || !isText(qualname) || !NAME.test(module) || !NAME.test(qualname)) {
    throw undecodable(stringifyPython({ __callable__: "?" }));
  }
  return { module, qualname };
}

function wrong(member: string, expected: string): MusterError {
  return MusterError.internal(1000, `a DAPI request needs ${member} as ${expected}`);
}

const isText = (value: unknown): value is string => typeof value === "string";
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);
const isTextList = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isRequestType = (value: unknown): value is RequestType => (REQUEST_TYPES as readonly unknown[]).includes(value);
const isSecondsOrNull = (value: unknown): value is number | null =>
  value === null || (typeof value === "number" && Number.isFinite(value) && value > 0);
