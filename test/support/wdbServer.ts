import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What the server does with one command: an answer's text, or something worse. `raw` is sent as it stands,
 * `hangUp` closes the connection, `silent` never answers.
 */
export type WdbBehaviour = { answer: string } | { raw: Uint8Array } | { hangUp: true } | { silent: true };

export interface WdbServerOptions {
  readonly behave: (command: string) => WdbBehaviour;
  /** Bytes of each write; absent: an answer in one piece. */
  readonly cut?: number;
}

export interface WdbServer {
  readonly path: string;
  /** Commands in the order of their arrival, over all connections. */
  readonly commands: string[];
  /** Connections that were ever made, and those that are open. */
  readonly connections: { made: number; open: number };
  /** Stops listening and cuts all connections; the socket's file goes. */
  stop(): Promise<void>;
  /** Listens again on the same path. */
  start(): Promise<void>;
  /** Stops for good, and removes the folder when the server made it. */
  close(): Promise<void>;
}

/**
 * A small wazuh-db written from the facts alone (4-byte little-endian length and text, a request, an answer): a
 * second opinion on muster's client, sharing no code with it.
 */
export async function wdbServer(
  options: WdbServerOptions,
  path = join(mkdtempSync(join(tmpdir(), "wdb-")), "wdb"),
): Promise<WdbServer> {
  const commands: string[] = [];
  const connections = { made: 0, open: 0 };
  const sockets = new Set<Socket>();
  let server: Server | null = null;

  const serve = (socket: Socket): void => {
    connections.made += 1;
    connections.open += 1;
    sockets.add(socket);
    let pending = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE(0)) {
        const end = 4 + pending.readUInt32LE(0);
        const command = pending.toString("utf8", 4, end);
        pending = pending.subarray(end);
        commands.push(command);
        respond(socket, options.behave(command), options.cut);
      }
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      connections.open -= 1;
      sockets.delete(socket);
    });
  };

  const wdb: WdbServer = {
    path,
    commands,
    connections,
    start: () =>
      new Promise((resolve, reject) => {
        server = createServer(serve);
        server.once("error", reject);
        server.listen(path, resolve);
      }),
    stop: () =>
      new Promise((resolve) => {
        if (server === null) return resolve();
        server.close(() => resolve());
        server = null;
        for (const socket of sockets) socket.destroy();
      }),
    close: async () => {
      await wdb.stop();
      rmSync(path, { force: true });
    },
  };
  await wdb.start();
  return wdb;
}

/** A text with its length in front. */
export function wdbBytes(text: string): Buffer {
  const body = Buffer.from(text, "utf8");
  return Buffer.concat([Buffer.from(Uint32Array.of(body.length).buffer), body]);
}

function respond(socket: Socket, behaviour: WdbBehaviour, cut: number | undefined): void {
  if ("silent" in behaviour) return;
  if ("hangUp" in behaviour) {
    socket.destroy();
    return;
  }
  const bytes = "raw" in behaviour ? Buffer.from(behaviour.raw) : wdbBytes(behaviour.answer);
  if (cut === undefined) {
    socket.write(bytes);
    return;
  }
  // Each piece in its own turn of the loop, so that they arrive as several reads.
  const send = (from: number): void => {
    if (from >= bytes.length || socket.destroyed) return;
    socket.write(bytes.subarray(from, from + cut));
    setImmediate(send, from + cut);
  };
  send(0);
}

/**
 * A behaviour that keeps `count` agents in memory: it pages agent-info and ids like wazuh-db, and remembers what is
 * set. `rowBytes` is about the size of one agent.
 */
export function pagedAgents(
  count: number,
  rowBytes = 200,
): { behave: (command: string) => WdbBehaviour; stored: string[]; waiting: Set<number> } {
  const waiting = new Set(Array.from({ length: count }, (_, index) => index + 1));
  const stored: string[] = [];
  const page = (rows: readonly string[]): { text: string; taken: number } => {
    let text = "[";
    let taken = 0;
    for (const row of rows) {
      if (text.length + row.length + 2 > 65_000) break;
      text += `${taken === 0 ? "" : ","}${row}`;
      taken += 1;
    }
    return { text: `${text}]`, taken };
  };
  const behave = (command: string): WdbBehaviour => {
    if (command === "global sync-agent-info-get ") {
      const ids = [...waiting];
      const { text, taken } = page(
        ids.map((id) => JSON.stringify({ id, name: `agent${id}`, os_uname: "u".repeat(rowBytes) })),
      );
      for (const id of ids.slice(0, taken)) waiting.delete(id);
      return { answer: `${taken < ids.length ? "due" : "ok"} ${text}` };
    }
    if (command.startsWith("global sync-agent-info-set ")) {
      stored.push(command.slice("global sync-agent-info-set ".length));
      return { answer: "ok" };
    }
    const last = /^global get-all-agents last_id (\d+)$/.exec(command)?.[1];
    if (last !== undefined) {
      const rows = Array.from(
        { length: Math.max(0, count - Number(last)) },
        (_, index) => `{"id":${Number(last) + index + 1}}`,
      );
      const { text, taken } = page(rows);
      return { answer: `${taken < rows.length ? "due" : "ok"} ${text}` };
    }
    const requeued = /^global sql update agent set sync_status = 'syncreq' where id in \(([\d,]+)\)$/.exec(
      command,
    )?.[1];
    if (requeued !== undefined) {
      for (const id of requeued.split(",")) waiting.add(Number(id));
      return { answer: "ok []" };
    }
    return { answer: `err Invalid DB query syntax, near '${command.slice(0, 32)}'` };
  };
  return { behave, stored, waiting };
}
