import type { FastifyInstance } from "fastify";
import type { Readiness } from "./Readiness.js";

/** Answered whatever else waits, and without a token (interface.md). */
export const HEALTH_PATHS: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

/** `/healthz`: the process lives; `/readyz`: the node serves. */
export function healthRoutes(app: FastifyInstance, readiness: () => Readiness): void {
  const described = (summary: string, response: object): { schema: object } => ({
    schema: { summary, tags: ["Health"], security: [], response },
  });
  const ok = { description: "Yes", type: "object" };
  app.get("/healthz", described("Whether the process lives", { 200: ok }), async (_request, reply) => reply.send({ status: "ok" }));
  app.get(
    "/readyz",
    described("Whether the node serves: a worker is connected and in step", { 200: ok, 503: { description: "No", type: "object" } }),
    async (_request, reply) => {
      const { ready, reason } = readiness();
      return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready", reason });
    },
  );
}
