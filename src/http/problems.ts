import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { MusterError } from "../protocol/errors/MusterError.js";
import type { Logger } from "../telemetry/Logger.js";
import { HttpError, PROBLEM_TYPE, problemOfCatalogue, problemOfStatus, refusalOf, type Problem } from "./HttpError.js";

/** Answers every error with a problem document, and tells the log of those that are our own fault. */
export function problems(app: FastifyInstance, logger: Logger): void {
  const methods = new KnownPaths();
  app.addHook("onRoute", ({ url, method }) => {
    methods.add(url, Array.isArray(method) ? method : [method]);
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, (defect) => {
      logger.error(`The HTTP API failed at ${request.method} ${pathOf(request.url)}.`, { error: defect });
    });
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.of(pathOf(request.url));
    if (allowed.length > 0) {
      const headers = { allow: allowed.join(", ") };
      const remediation = `Use ${allowed.join(" or ")}.`;
      return sendProblem(reply, problemOfStatus(new HttpError(405, `${request.method} is not possible here`, { headers, remediation })));
    }
    const remediation = "See /docs or /openapi.json for the paths that there are.";
    return sendProblem(reply, problemOfStatus(new HttpError(404, "There is no such path", { remediation })));
  });
}

/** An error of any kind as a problem. @param onDefect hears of what is neither the asker's fault nor the catalogue's */
function problemOf(error: unknown, onDefect: (error: unknown) => void): Problem {
  if (error instanceof MusterError) return problemOfCatalogue(error);
  if (error instanceof HttpError) return problemOfStatus(error);
  const refusal = refusalOf(error);
  if (refusal !== undefined) return problemOfStatus(refusal);
  onDefect(error);
  return problemOfCatalogue(MusterError.internal(1000));
}

/** A path that has no meaning, or a part that is too long: fastify finds so before any hook. */
export function answerBrokenPath(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
  void sendProblem(reply, problemOfStatus(refusalOf(error) ?? new HttpError(400, "The path is malformed")));
}

/** A request that was not even HTTP, or came too slowly: answered if its connection still takes an answer, and closed. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const { body } = problemOfStatus(new HttpError(status, BROKEN[status]));
  const text = JSON.stringify(body);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + text);
}

const BROKEN = {
  400: "The request is not HTTP",
  408: "The request did not arrive in time",
  431: "The headers are too large",
} as const;

function sendProblem(reply: FastifyReply, { status, headers, body }: Problem): FastifyReply {
  return reply.code(status).headers(headers).type(PROBLEM_TYPE).send(JSON.stringify(body));
}

function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? "";
}

/** Paths with the methods that they have, to tell a wrong method from a wrong path. */
class KnownPaths {
  readonly #methods = new Map<string, Set<string>>();

  add(pattern: string, methods: readonly string[]): void {
    const known = this.#methods.get(pattern) ?? new Set();
    for (const method of methods) known.add(method);
    this.#methods.set(pattern, known);
  }

  of(path: string): readonly string[] {
    const parts = path.split("/");
    const found = new Set<string>();
    for (const [pattern, methods] of this.#methods) {
      const wanted = pattern.split("/");
      const fits =
        wanted.length === parts.length &&
        wanted.every((part, index) => (part.startsWith(":") ? parts[index] !== "" : part === parts[index]));
      if (fits) for (const method of methods) found.add(method);
    }
    return [...found].sort();
  }
}
