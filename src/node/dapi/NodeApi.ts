import type { IncomingRequest } from "../../protocol/Channel.js";
import { ANSWER_TEXT, TO_MASTER, TO_WORKER } from "../../protocol/commands.js";
import { decodeException, encodeException } from "../../protocol/errors/exceptionJson.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { formatIdAndText, parseIdAndStringId, parseIdAndText } from "../../protocol/payloads.js";
import { sendNamedString } from "../../protocol/transfer/sendString.js";
import type { Connection } from "../Connection.js";
import type { LocalServer } from "../local/LocalServer.js";
import type { Asker, DapiService } from "./DapiService.js";
import type { PendingAnswers } from "./PendingAnswers.js";
import type { SendsyncAsker, SendsyncService } from "./SendsyncService.js";

export interface NodeApiOptions {
  readonly dapi: DapiService;
  readonly pending: PendingAnswers;
  readonly sendsync: SendsyncService;
  readonly local: LocalServer;
  readonly chunkBytes: number;
  /** May a worker ask this master for functions that change something? (dialects.md 3.3) */
  readonly workersMayChange: boolean;
}

/** One end of a connection between nodes, as its commands need it. */
export interface ApiPeer {
  readonly connection: Connection;
  /** The node at the other end; null: the master. */
  readonly nodeName: string | null;
}

/** The distributed API's commands between nodes (protocol.md 4, 5; dapi.md 1.7). */
export class NodeApi {
  readonly #options: NodeApiOptions;

  constructor(options: NodeApiOptions) {
    this.#options = options;
  }

  /** Handles a command of another node; false when it is none of these. What it throws is answered `err`. */
  command(request: IncomingRequest, peer: ApiPeer): boolean {
    const { command, counter, payload } = request;
    const { dapi, pending, sendsync, local } = this.#options;
    const { connection, nodeName } = peer;
    const answer = (text: string): true => {
      connection.channel.answer(counter, "ok", text);
      return true;
    };
    switch (command) {
      case TO_MASTER.dapi: {
        const { id, text } = parseIdAndText(command, payload);
        dapi.receive(text, this.#peerAsker(peer, id));
        return answer(ANSWER_TEXT.dapiQueued);
      }
      case TO_MASTER.dapiResult: {
        const { id, stringId } = parseIdAndStringId(command, payload);
        const text = takeString(connection, stringId);
        const settled = pending.settle(id, connection.id, { text: text.toString("utf8") });
        if (settled === undefined) throw MusterError.cluster(3032, id);
        const isHandedOn = nodeName === null || settled.handedOn === true;
        return answer(isHandedOn ? ANSWER_TEXT.dapiForwardedToWorker : ANSWER_TEXT.dapiForwarded);
      }
      case TO_MASTER.dapiError: {
        const { id, text } = parseIdAndText(command, payload);
        if (pending.settle(id, connection.id, { error: decodeException(text) }) === undefined) throw MusterError.cluster(3032, id);
        return answer(ANSWER_TEXT.dapiErrorForwarded);
      }
      case TO_MASTER.sendsync: {
        if (nodeName === null) return false;
        const { id, text } = parseIdAndText(command, payload);
        sendsync.receive(text, this.#sendsyncAsker(peer, id));
        return answer(ANSWER_TEXT.sendsyncQueued);
      }
      case TO_WORKER.sendsyncResult: {
        if (nodeName !== null) return false;
        const { id, stringId } = parseIdAndStringId(command, payload);
        tellClient(local, id, "ok", takeString(connection, stringId));
        return answer(ANSWER_TEXT.dapiForwardedToWorker);
      }
      case TO_WORKER.sendsyncError: {
        if (nodeName !== null) return false;
        const { id, text } = parseIdAndText(command, payload);
        tellClient(local, id, "err", Buffer.from(text));
        return answer(ANSWER_TEXT.sendsyncErrorForwarded);
      }
      default:
        return false;
    }
  }

  #peerAsker({ connection, nodeName }: ApiPeer, id: string): Asker {
    const { chunkBytes, workersMayChange } = this.#options;
    return {
      origin: nodeName ?? "master",
      askerId: connection.id,
      // The master leads the cluster: what it asks of its workers, they do.
      mayChange: nodeName === null || workersMayChange,
      respond: ({ json }, signal) => {
        const naming = { command: TO_MASTER.dapiResult, payload: (stringId: string) => formatIdAndText(id, stringId) };
        return connection.answers.run(() => sendNamedString(connection.channel, json, naming, { chunkBytes, signal }));
      },
      refuse: (error) => {
        connection.channel.request(TO_MASTER.dapiError, formatIdAndText(id, encodeException(error))).catch(() => undefined);
      },
    };
  }

  #sendsyncAsker({ connection, nodeName }: ApiPeer, id: string): SendsyncAsker {
    const { chunkBytes } = this.#options;
    return {
      origin: `${nodeName ?? "master"} (${id})`,
      askerId: connection.id,
      reply: (text, signal) => {
        const naming = { command: TO_WORKER.sendsyncResult, payload: (stringId: string) => formatIdAndText(id, stringId) };
        return connection.answers.run(() => sendNamedString(connection.channel, text, naming, { chunkBytes, signal }));
      },
      fail: async (text) => {
        await connection.channel.request(TO_WORKER.sendsyncError, formatIdAndText(id, text));
      },
    };
  }
}

function takeString({ strings }: Connection, stringId: string): Buffer {
  const text = strings.take(stringId);
  if (text === undefined) throw MusterError.cluster(3035, stringId);
  return text;
}

/** The reply of a daemon, as the local client that asked for it gets it: a request `ok` or `err` (protocol.md 12). */
function tellClient(local: LocalServer, clientId: string, command: "ok" | "err", text: Buffer): void {
  const client = local.find(clientId);
  if (client === undefined) throw MusterError.cluster(3032, clientId);
  client.channel.request(command, text).catch(() => undefined);
}
