import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpError } from "../HttpError.js";
import type { Authenticator } from "./Authenticator.js";
import { isAdministrator, type Session } from "./Session.js";

/** Lets only requests of users through, and knows whose each one is. */
export class SessionGuard {
  readonly #authenticator: Authenticator;
  readonly #sessions = new WeakMap<FastifyRequest, Session>();

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  /** All routes of `scope` need a token. */
  requireToken(scope: FastifyInstance): void {
    scope.addHook("onRequest", async (request) => {
      await this.#authenticator.refresh();
      this.#sessions.set(request, this.#authenticator.session(request.headers.authorization));
    });
  }

  /** All routes of `scope` need a token, or a name and a password, for which browsers ask by themselves. */
  requireTokenOrPassword(scope: FastifyInstance): void {
    scope.addHook("onRequest", async (request) => {
      const { authorization } = request.headers;
      this.#sessions.set(request, await this.#authenticator.sessionOrLogIn(authorization, request.ip));
    });
  }

  /** The session of a request that came through. */
  sessionOf(request: FastifyRequest): Session {
    const session = this.#sessions.get(request);
    if (session === undefined) throw new Error("a route without a guard asked for its session");
    return session;
  }

  /** The same. @throws HttpError 403 for a user who may only read */
  administratorOf(request: FastifyRequest): Session {
    const session = this.sessionOf(request);
    if (isAdministrator(session)) return session;
    throw new HttpError(403, "Permission denied", { remediation: "Ask an administrator: only the role admin may do this." });
  }
}
