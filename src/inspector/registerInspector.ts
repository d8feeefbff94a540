import fastifyWebsocket from "@fastify/websocket";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { RawData, WebSocket } from "ws";
import { Feed } from "./feed/Feed.js";
import type { InspectedNode } from "./InspectedNode.js";
import type { FromPage } from "./page/wire.js";
import { servePage } from "./server/pageFiles.js";
import { isLoopback, isSameSite, type RequestOrigin } from "./server/sameSite.js";
import { StatelyFeed } from "./server/StatelyFeed.js";
import { Tickets } from "./server/Tickets.js";

/** Who was let in. */
export interface AuthorizedViewer {
  readonly name: string;
}

export interface InspectorOptions {
  readonly node: InspectedNode;
  /** Judges a request by its token (the HTTP API's users); undefined refuses it. */
  readonly authorize: (request: FastifyRequest) => Promise<AuthorizedViewer | undefined>;
  /** Lets everybody on this machine in without a login (`inspector: open`). @default false */
  readonly open?: boolean;
  /** Serves `/inspector/stately`, for Stately's own viewer, to this machine. @default false */
  readonly stately?: boolean;
}

/** Bytes of one message of a page. */
const PAGE_MESSAGE_BYTES = 4 * 1024;
const LONGEST_PEER = 256;
/** Stately's viewer lives on its own site. */
const STATELY_ORIGIN = "https://stately.ai";

/** WebSocket close codes: may not come in; too many are here already; said something else than the page does. */
const REFUSED = 1008;
const TOO_MANY = 1013;
const UNREADABLE = 1007;

/**
 * The inspector: its page under `/inspector/`, the page's socket `/inspector/ws`, and `POST /inspector/ticket`,
 * by which a token, or being on this machine where that is enough, admits to the socket. Where other plugins bring
 * sockets of their own, `app` is a scope for the inspector alone.
 */
export async function registerInspector(app: FastifyInstance, options: InspectorOptions): Promise<Feed> {
  const { node, authorize, open = false, stately = false } = options;
  const feed = new Feed(node);
  const tickets = new Tickets(() => node.clock.now());
  await app.register(fastifyWebsocket, { options: { maxPayload: PAGE_MESSAGE_BYTES } });
  await servePage(app);

  app.post("/inspector/ticket", async (request, reply) => {
    const from = originOf(request);
    const admitted = open && isLoopback(from) && isSameSite(from);
    if (!admitted && (await authorize(request)) === undefined) {
      return reply.code(401).send({ title: "Unauthorized", detail: "Log in to watch this node." });
    }
    return reply.header("cache-control", "no-store").send({ ticket: tickets.issue(), node: node.identity });
  });

  app.get<{ Querystring: { ticket?: string } }>("/inspector/ws", { websocket: true }, (socket, request) => {
    const from = originOf(request);
    if (!isOwnPage(from) || !tickets.redeem(String(request.query.ticket ?? ""))) {
      socket.close(REFUSED, "Ask for a ticket first.");
      return;
    }
    serveViewer(feed, socket);
  });

  if (stately) serveStately(app, new StatelyFeed(node));
  return feed;
}

function serveViewer(feed: Feed, socket: WebSocket): void {
  const watch = feed.watch(socket);
  if (watch === undefined) {
    socket.close(TOO_MANY, "Too many viewers watch this node.");
    return;
  }
  socket.on("message", (data: RawData) => {
    const wish = parseWish(data);
    if (wish === undefined) socket.close(UNREADABLE, "This is not what the page says.");
    else watch.choose(wish.peer);
  });
  socket.on("close", () => {
    watch.end();
  });
  socket.on("error", () => {
    socket.terminate();
  });
}

function serveStately(app: FastifyInstance, feed: StatelyFeed): void {
  app.get("/inspector/stately", { websocket: true }, (socket, request) => {
    const from = originOf(request);
    const isKnown = isSameSite(from) || (from.origin === STATELY_ORIGIN && isSameSite({ ...from, origin: undefined }));
    const end = isLoopback(from) && isKnown ? feed.watch(socket) : undefined;
    if (end === undefined) {
      socket.close(REFUSED, "Only for Stately's viewer on this machine, and for few of them.");
      return;
    }
    socket.on("close", end);
    socket.on("error", () => {
      socket.terminate();
    });
  });
}

function originOf({ headers, socket }: FastifyRequest): RequestOrigin {
  return { host: headers.host, origin: headers.origin, remoteAddress: socket.remoteAddress };
}

/** A ticket was shown by a page that had a right to it; still, no other site's page may use one. */
function isOwnPage({ host, origin }: RequestOrigin): boolean {
  return origin === undefined || origin === `http://${host ?? ""}` || origin === `https://${host ?? ""}`;
}

function parseWish(data: RawData): FromPage | undefined {
  try {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
    const wish = JSON.parse(bytes.toString("utf8")) as Partial<FromPage> | null;
    if (wish?.type !== "peer" || wish.peer === undefined) return undefined;
    const { type, peer } = wish;
    return peer === null || (typeof peer === "string" && peer.length <= LONGEST_PEER) ? { type, peer } : undefined;
  } catch {
    return undefined;
  }
}
