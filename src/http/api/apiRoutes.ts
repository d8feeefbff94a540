import type { FastifyInstance, FastifyReply } from "fastify";
import type { AskNode } from "../../dapi/AskNode.js";
import type { Catalogue } from "../../dapi/catalogue/Catalogue.js";
import type { CatalogueFunction } from "../../dapi/CatalogueFunction.js";
import { newRequest } from "../../dapi/encoding/requestJson.js";
import type { JsonRecord } from "../../dapi/encoding/values.js";
import type { ApiResult } from "../../dapi/results/ApiResult.js";
import { renderResult } from "../../dapi/results/renderResult.js";
import type { Clock } from "../../protocol/Clock.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Permissions } from "../auth/permissions.js";
import type { SessionGuard } from "../auth/SessionGuard.js";
import type { HttpSettings } from "../HttpSettings.js";
import type { RequestSignals } from "../RequestSignals.js";
import type { Endpoint } from "./Endpoint.js";
import { endpointSchema } from "./endpointSchema.js";
import { NodeNames } from "./NodeNames.js";
import { translate, type Given } from "./translate.js";

export interface ApiOptions {
  readonly ask: AskNode;
  readonly catalogue: Catalogue;
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  readonly guard: SessionGuard;
  readonly permissions: Permissions;
  readonly signals: RequestSignals;
  readonly settings: HttpSettings;
  readonly clock: Clock;
}

/** The endpoints of the distributed API (dapi.md 3): those whose function the node's catalogue has. */
export function apiRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { ask, clock, settings } = options;
  const nodeNames = new NodeNames(ask, clock, settings.nodeNamesAge);
  for (const [tag, endpoints] of options.endpoints) {
    for (const endpoint of endpoints) {
      const [module = "", qualname = ""] = endpoint.call.split(":");
      const entry = options.catalogue.find(module, qualname);
      if (entry !== undefined) route(app, endpoint, entry, tag, options, nodeNames);
    }
  }
}

function route(
  app: FastifyInstance,
  endpoint: Endpoint,
  entry: CatalogueFunction,
  tag: string,
  options: ApiOptions,
  nodeNames: NodeNames,
): void {
  const { ask, guard, permissions, signals, settings, clock } = options;
  const { method, path, isAsync = false, requestType = entry.requestType } = endpoint;
  const isOfNodes = requestType === "distributed_master" || (requestType === "local_master" && entry.permission.resource === "node:id");
  app.route<{ Params: Given; Querystring: Given }>({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
    schema: endpointSchema(endpoint, entry, tag),
    handler: async (request, reply) => {
      const session = guard.sessionOf(request);
      permissions.check(session, entry);
      const meant = translate(endpoint, request.params, request.query, clock.wallTime());
      const signal = signals.signalOf(request);
      const answer = await ask(
        newRequest({
          module: entry.module,
          qualname: entry.qualname,
          arguments: meant.arguments,
          requestType,
          waitForComplete: meant.waitForComplete,
          broadcasting: meant.broadcasting,
          isAsync,
          localClientArgument: isAsync ? "lc" : null,
          rbacPermissions: permissions.of(session),
          currentUser: session.user,
          // A function of the cluster that names no nodes is about those that come with the request (dapi.md 3.1).
          nodes: isOfNodes ? await nodeNames.names(signal) : [],
          apiTimeout: settings.answerSeconds,
        }),
        { signal },
      );
      if (answer instanceof MusterError) throw answer;
      const raw = meant.arguments.raw === true ? rawText(answer) : undefined;
      if (raw !== undefined && endpoint.rawType !== undefined) return reply.type(endpoint.rawType).send(raw);
      return sendJson(reply, renderResult(answer), meant.pretty);
    },
  });
}

/** A text that a function gave instead of items (dapi.md 1.2). */
function rawText(result: ApiResult): string | undefined {
  if (result.kind !== "result") return undefined;
  const { message } = result.content;
  return typeof message === "string" ? message : undefined;
}

/** @param pretty with indentation, for people */
export function sendJson(reply: FastifyReply, body: JsonRecord, pretty: boolean): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(body, null, pretty ? 2 : undefined));
}
