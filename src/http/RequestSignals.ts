import type { FastifyInstance, FastifyRequest } from "fastify";

/** Tells of each request whether somebody still waits for its answer. */
export class RequestSignals {
  readonly #controllers = new Map<FastifyRequest, AbortController>();

  #isStopping = false;

  /** The server stops: what still comes is refused. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Requests that are being answered. */
  get size(): number {
    return this.#controllers.size;
  }

  /** Follows all requests of the server. */
  follow(app: FastifyInstance): void {
    app.addHook("onRequest", (request, reply, done) => {
      this.#controllers.set(request, new AbortController());
      reply.raw.once("close", () => {
        const controller = this.#controllers.get(request);
        this.#controllers.delete(request);
        if (!reply.raw.writableFinished) controller?.abort(new Error("the client closed the connection"));
      });
      done();
    });
  }

  /** Aborted when the asker has gone, or the server stops. */
  signalOf(request: FastifyRequest): AbortSignal {
    return this.#controllers.get(request)?.signal ?? AbortSignal.abort();
  }

  /** Gives all requests up. */
  abortAll(): void {
    this.#isStopping = true;
    for (const controller of this.#controllers.values()) controller.abort(new Error("the node stops"));
  }
}
