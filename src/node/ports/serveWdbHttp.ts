import { createServer, type IncomingMessage } from "node:http";
import type { AgentStoreSettings } from "../../agents/AgentStoreSettings.js";
import type { AgentSync } from "../../agents/AgentSync.js";
import { asAgentLists } from "../../agents/AgentLists.js";
import { parsePythonJson } from "../../protocol/parsePythonJson.js";
import { listenOnSocket } from "./listenOnSocket.js";
import type { ServedWdb } from "./serveWdb.js";

/** The one address of wazuh-db's HTTP interface that a cluster needs (dapi.md 6.5). */
const SYNC_PATH = "/v1/agents/sync";

/** What a client is told, with its status. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Serves the embedded store's three lists of agents on `queue/sockets/wdb-http.sock` for other programs of this host:
 * GET gives what waits to be sent, and counts it as sent; POST stores what another node told. Beyond `servedClients`
 * connections, and after `servedIdleTimeout` of silence, a client is cut off; a body may have `httpAnswerBytes`.
 *
 * @throws Error when another program serves there already, or the socket can't be made.
 */
export async function serveWdbHttp(path: string, sync: AgentSync, settings: AgentStoreSettings): Promise<ServedWdb> {
  const answer = async (request: IncomingMessage, signal: AbortSignal): Promise<string> => {
    if (request.url !== SYNC_PATH) throw new Refusal(404, `there is nothing but ${SYNC_PATH} here`);
    if (request.method === "GET") return JSON.stringify(await sync.read(signal));
    if (request.method !== "POST") throw new Refusal(405, "GET and POST are allowed");
    const lists = asAgentLists(jsonOf(await bodyOf(request, settings.httpAnswerBytes)));
    if (lists === undefined) throw new Refusal(400, "expected an object with the lists syncreq, syncreq_keepalive and syncreq_status");
    await sync.write(lists, signal);
    return "";
  };
  const server = createServer((request, response) => {
    const left = new AbortController();
    response.on("close", () => {
      left.abort(new Error("the client has gone"));
    });
    answer(request, left.signal).then(
      (text) => response.writeHead(200, { "Content-Type": "application/json" }).end(text),
      (error: unknown) => {
        const status = error instanceof Refusal ? error.status : 500;
        // What is left of a body that nobody reads goes with the connection.
        response.writeHead(status, { "Content-Type": "text/plain", Connection: "close" }).end(error instanceof Error ? error.message : String(error));
      },
    );
  });
  server.maxConnections = settings.servedClients;
  server.requestTimeout = settings.servedIdleTimeout;
  server.setTimeout(settings.servedIdleTimeout);
  await listenOnSocket(server, path);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage, mostBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Refusal(413, `a body has at most ${String(mostBytes)} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return parsePythonJson(text);
  } catch (cause) {
    throw new Refusal(400, cause instanceof Error ? cause.message : String(cause));
  }
}
