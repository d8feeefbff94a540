import type { FastifyInstance } from "fastify";
import { HEALTH_PATHS } from "./healthRoutes.js";
import { HttpError } from "./HttpError.js";
import type { HttpSettings } from "./HttpSettings.js";
import type { RequestSignals } from "./RequestSignals.js";

/** Refuses what is too long, what is too much at once, and what comes while the server stops. After `signals` follows the server. */
export function requestBounds(app: FastifyInstance, settings: HttpSettings, signals: RequestSignals): void {
  app.addHook("onRequest", async (request) => {
    if (signals.isStopping) {
      const remediation = "Ask again when the node is back, or ask another node.";
      throw new HttpError(503, "The node is stopping", { remediation, headers: { connection: "close" } });
    }
    if (Buffer.byteLength(request.url) > settings.urlBytes) {
      const remediation = `Keep path and query below ${settings.urlBytes} bytes, for example by asking in several requests.`;
      throw new HttpError(414, "The path and query are too long", { remediation });
    }
    if (signals.size > settings.concurrentRequests && !HEALTH_PATHS.has(request.url)) {
      throw HttpError.tooManyRequests(`More than ${settings.concurrentRequests} requests at once`, 1000);
    }
  });
}
