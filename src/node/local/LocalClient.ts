import { connect } from "node:net";
import { DEFAULT_LIMITS, type Limits } from "../../config/Limits.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import type { Clock, RandomSource } from "../../protocol/Clock.js";
import { ANSWER_TEXT, TO_LOCAL_CLIENT } from "../../protocol/commands.js";
import type { Dialect } from "../../protocol/dialects/Dialect.js";
import { decodeException } from "../../protocol/errors/exceptionJson.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { SocketLink } from "../ports/SocketLink.js";
import { LocalConnection } from "./LocalConnection.js";
import { localSocketPath } from "./localSocketPath.js";

/** Acknowledgements after which the answer comes as a request of the node's own (dapi.md 1.8). */
const ANSWER_FOLLOWS: ReadonlySet<string> = new Set([
  ANSWER_TEXT.dapiQueued,
  ANSWER_TEXT.dapiRequestForwarded,
  ANSWER_TEXT.sentToMaster,
  ANSWER_TEXT.sendasyncQueued,
  ANSWER_TEXT.forwardingFile,
]);

export interface LocalClientOptions {
  readonly root: string;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly limits?: Limits;
  /** Seconds for the acknowledgement, and for the answer. */
  readonly timeoutClusterRequest: number;
  readonly timeoutDapiRequest: number;
}

/** A client of a node's local socket (protocol.md 12): one connection for each question, like the reference's. */
export class LocalClient {
  readonly #options: LocalClientOptions;

  constructor(options: LocalClientOptions) {
    this.#options = options;
  }

  /**
   * Asks the node, and waits for the answer wherever it comes from.
   *
   * @throws MusterError 3012 when no node serves the socket; 3020 when no answer came in time; the node's own error
   */
  async ask(command: string, payload: string): Promise<string> {
    const link = await open(localSocketPath(this.#options.root));
    const { clock, timeoutDapiRequest } = this.#options;
    let settle: { resolve: (text: string) => void; reject: (error: unknown) => void } | undefined;
    const later = new Promise<string>((resolve, reject) => {
      settle = { resolve, reject };
    });
    later.catch(() => undefined);
    const connection: LocalConnection = new LocalConnection({
      ...this.#options,
      limits: this.#options.limits ?? DEFAULT_LIMITS,
      id: "client",
      link,
      isClient: true,
      onRequest: (request) => {
        try {
          settle?.resolve(takeAnswer(connection, request));
        } catch (error) {
          settle?.reject(error);
        }
      },
      onClosed: () => settle?.reject(MusterError.internal(3012)),
    });
    const timer = clock.setTimeout(() => settle?.reject(MusterError.internal(3020)), timeoutDapiRequest * 1000);
    try {
      const acknowledged = connection.channel.request(command, payload);
      acknowledged.catch(() => undefined);
      // `sendsync` is never acknowledged: its answer comes first (dapi.md 7).
      const first = await Promise.race([acknowledged, later]);
      if (typeof first === "string") return first;
      const text = first.toString("utf8");
      return ANSWER_FOLLOWS.has(text) ? await later : text;
    } finally {
      clock.clearTimeout(timer);
      connection.channel.close();
    }
  }
}

/** The answer that a request of the node brings (dapi.md 1.7). */
function takeAnswer(connection: LocalConnection, request: IncomingRequest): string {
  const { command, payload } = request;
  const text = payload.toString("utf8");
  switch (command) {
    case TO_LOCAL_CLIENT.dapiResult:
    case TO_LOCAL_CLIENT.sendFileResult: {
      connection.answer(request, ANSWER_TEXT.localDapiReceived);
      // A node that sends the answer's text itself instead of a string's id is understood, too.
      return connection.strings.take(text)?.toString("utf8") ?? text;
    }
    case TO_LOCAL_CLIENT.dapiError:
      connection.answer(request, ANSWER_TEXT.localResponseReceived);
      throw decodeException(text);
    case TO_LOCAL_CLIENT.controlResult:
      connection.answer(request, ANSWER_TEXT.localResponseReceived);
      return text;
    case TO_LOCAL_CLIENT.sendsyncResult:
      connection.answer(request, ANSWER_TEXT.localSendsyncReceived);
      return text;
    case TO_LOCAL_CLIENT.sendsyncError:
      connection.answer(request, ANSWER_TEXT.localErrorReceived);
      throw decodeException(text);
    default:
      throw MusterError.internal(1000, `the node sent ${command}, which no local client knows`);
  }
}

function open(path: string): Promise<SocketLink> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", (error: NodeJS.ErrnoException) => {
      reject(MusterError.internal(3012, `no node answers on ${path} (${error.code ?? error.message})`, { cause: error }));
    });
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(new SocketLink(socket));
    });
  });
}
