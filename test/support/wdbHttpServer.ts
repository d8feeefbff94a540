import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname } from "node:path";

/** The three lists of agents as JSON. */
export interface ListedChanges {
  readonly syncreq: readonly object[];
  readonly syncreq_keepalive: readonly object[];
  readonly syncreq_status: readonly object[];
}

const NO_CHANGES: ListedChanges = { syncreq: [], syncreq_keepalive: [], syncreq_status: [] };

export interface WdbHttpServer {
  /** Bodies of the POSTs, in their order. */
  readonly stored: unknown[];
  close(): Promise<void>;
}

/**
 * A small wazuh-db on its HTTP socket, written from the facts alone (dapi.md 6.5): it gives `changes` once, then none,
 * and keeps what is posted.
 */
export async function wdbHttpServer(path: string, changes: ListedChanges = NO_CHANGES): Promise<WdbHttpServer> {
  await mkdir(dirname(path), { recursive: true });
  const stored: unknown[] = [];
  let left = changes;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      if (request.url !== "/v1/agents/sync") response.writeHead(404).end();
      else if (request.method === "GET") {
        response.end(JSON.stringify(left));
        left = NO_CHANGES;
      } else {
        stored.push(JSON.parse(Buffer.concat(pieces).toString()));
        response.end();
      }
    });
  });
  server.listen(path);
  await once(server, "listening");
  return {
    stored,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
