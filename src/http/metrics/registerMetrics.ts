import type { FastifyInstance } from "fastify";
import type { NodeWatch } from "../../node/watch/NodeWatch.js";
import { isLoopback } from "./isLoopback.js";
import { NodeMetrics } from "./NodeMetrics.js";

/** `GET /metrics` for Prometheus: from this machine only, and without a token (interface.md). */
export function registerMetrics(app: FastifyInstance, watch: NodeWatch): void {
  const metrics = new NodeMetrics(watch);
  app.get("/metrics", async (request, reply) => {
    // The socket's own address: a header that a proxy set could say anything.
    if (!isLoopback(request.socket.remoteAddress)) {
      return reply.code(403).send({ title: "Forbidden", detail: "/metrics is served to this machine only; let the collector run on it, or a proxy of your own." });
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
  app.addHook("onClose", () => {
    metrics.stop();
  });
}
