import type { FastifyInstance } from "fastify";
import type { Logger } from "../telemetry/Logger.js";

/** One line for each answer, at level debug. Neither query nor headers are in it: both may hold what is secret. */
export function requestLog(app: FastifyInstance, logger: Logger): void {
  app.addHook("onResponse", async (request, reply) => {
    if (!logger.isEnabled("debug")) return;
    const [path = ""] = request.url.split("?", 1);
    const milliseconds = Math.round(reply.elapsedTime);
    logger.debug(`${request.method} ${path} from ${request.ip}: ${reply.statusCode} in ${milliseconds} ms.`);
  });
}
