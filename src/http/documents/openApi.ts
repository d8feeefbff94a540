import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import type { SessionGuard } from "../auth/SessionGuard.js";

const DOCUMENT_PATH = "/openapi.json";
const PAGE_PATH = "/docs";

/** Collects what the routes that are registered after it say of themselves. */
export async function openApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "muster", description: "The HTTP API of a muster node.", version },
      components: {
        securitySchemes: {
          jwt: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
          basic: { type: "http", scheme: "basic" },
        },
      },
      security: [{ jwt: [] }],
    },
  });
}

/** `/openapi.json`, and `/docs`, the page that shows it: made of files of this program alone. */
export async function openApiRoutes(app: FastifyInstance, guard: SessionGuard): Promise<void> {
  await app.register(async (scope) => {
    guard.requireTokenOrPassword(scope);
    scope.get(DOCUMENT_PATH, { schema: { hide: true } }, async (_request, reply) =>
      reply.type("application/json; charset=utf-8").send(JSON.stringify(app.swagger())),
    );
    await scope.register(swaggerUi, {
      routePrefix: PAGE_PATH,
      staticCSP: true,
      uiConfig: { validatorUrl: null, persistAuthorization: false },
    });
  });
}
