import type { FastifyInstance } from "fastify";
import type { Clock } from "../protocol/Clock.js";
import type { RequestSignals } from "./RequestSignals.js";

/** Ends a server: gives its requests up, lets their answers go out, and closes what is still open after `timeout` ms. */
export async function closeServer(app: FastifyInstance, signals: RequestSignals, clock: Clock, timeout: number): Promise<void> {
  signals.abortAll();
  const timer = clock.setTimeout(() => {
    app.server.closeAllConnections();
  }, timeout);
  try {
    await app.close();
  } catch {
    app.server.closeAllConnections();
  } finally {
    clock.clearTimeout(timer);
  }
}
