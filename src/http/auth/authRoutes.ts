import type { FastifyInstance } from "fastify";
import { wantsText } from "../queryFlags.js";
import type { Authenticator } from "./Authenticator.js";

const LOGIN_PATH = "/security/user/authenticate";

/** Logging in (dapi.md 3.7): `GET` and `POST /security/user/authenticate`. */
export function authRoutes(app: FastifyInstance, authenticator: Authenticator): void {
  app.route<{ Querystring: Record<string, unknown> }>({
    method: ["GET", "POST"],
    url: LOGIN_PATH,
    schema: {
      summary: "Log in and get a token",
      tags: ["Security"],
      security: [{ basic: [] }],
      querystring: {
        type: "object",
        properties: { raw: { type: "boolean", description: "Answer with the token alone, as text." } },
      },
    },
    handler: async (request, reply) => {
      const token = await authenticator.issueToken(request.headers.authorization, request.ip);
      if (wantsText(request.query)) return reply.type("text/plain; charset=utf-8").send(token);
      return reply.type("application/json; charset=utf-8").send(JSON.stringify({ data: { token }, error: 0 }));
    },
  });
}
