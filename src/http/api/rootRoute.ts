import type { FastifyInstance } from "fastify";
import type { Clock } from "../../protocol/Clock.js";
import type { NodeFacts } from "../NodeFacts.js";
import { flagOf } from "../queryFlags.js";
import { sendJson } from "./apiRoutes.js";

/** `GET /`: what answers here. */
export function rootRoute(app: FastifyInstance, node: NodeFacts, clock: Clock): void {
  const schema = {
    summary: "What answers here",
    tags: ["API"],
    querystring: { type: "object", properties: { pretty: { type: "boolean", description: "Answer with indented JSON." } } },
  };
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>("/", { schema }, async (request, reply) => {
    const data = {
      title: "muster",
      api_version: node.version,
      license_name: "Apache-2.0",
      hostname: node.name,
      node_type: node.type,
      cluster: node.clusterName,
      timestamp: `${new Date(clock.wallTime()).toISOString().slice(0, 19)}Z`,
    };
    return sendJson(reply, { data, error: 0 }, flagOf("pretty", request.query.pretty));
  });
}
