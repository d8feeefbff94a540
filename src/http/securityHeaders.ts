import type { FastifyInstance } from "fastify";

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** A year, in seconds. */
const STRICT_TRANSPORT = "max-age=31536000";

/** Headers that keep browsers from doing more with an answer than showing it. A page that needs more sets its own. */
export function securityHeaders(app: FastifyInstance, isEncrypted: boolean): void {
  app.addHook("onSend", async (_request, reply) => {
    for (const [name, value] of Object.entries(HEADERS)) if (!reply.hasHeader(name)) reply.header(name, value);
    if (isEncrypted) reply.header("strict-transport-security", STRICT_TRANSPORT);
  });
}
