import type { Limits } from "../../config/Limits.js";
import { Channel, type IncomingRequest } from "../../protocol/Channel.js";
import { plainCipher } from "../../protocol/Cipher.js";
import type { Clock, RandomSource } from "../../protocol/Clock.js";
import { CommonCommands } from "../../protocol/CommonCommands.js";
import type { Dialect } from "../../protocol/dialects/Dialect.js";
import { encodeException } from "../../protocol/errors/exceptionJson.js";
import type { MusterError } from "../../protocol/errors/MusterError.js";
import { IncomingFiles } from "../../protocol/transfer/IncomingFiles.js";
import { IncomingStrings } from "../../protocol/transfer/IncomingStrings.js";
import { Lane, STRINGS_AT_ONCE } from "../../protocol/transfer/Lane.js";
import { sendNamedString } from "../../protocol/transfer/sendString.js";
import type { SocketLink } from "../ports/SocketLink.js";

export interface LocalConnectionOptions {
  /** Names the client on the server's side; on a client's own side any text. */
  readonly id: string;
  readonly link: SocketLink;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly limits: Limits;
  /** Seconds. */
  readonly timeoutClusterRequest: number;
  /** The node's own end of the socket: `ok` and `err` without a question are messages to it (protocol.md 12). */
  readonly isClient: boolean;
  readonly onRequest: (request: IncomingRequest) => void | Promise<void>;
  readonly onClosed: (reason: MusterError | null) => void;
}

/** Files are not taken over the local socket: its clients name files that lie on this machine. */
const NO_FILES = {
  open: () => Promise.reject(new Error("files are not taken over the local socket")),
};

/** One connection of the local socket, at either end: frames without encryption, strings, requests. */
export class LocalConnection {
  readonly id: string;
  readonly channel: Channel;
  readonly strings: IncomingStrings;
  readonly #answers = new Lane(STRINGS_AT_ONCE);
  readonly #options: LocalConnectionOptions;
  readonly #common: CommonCommands;

  constructor(options: LocalConnectionOptions) {
    const { link, dialect, clock, random, limits, timeoutClusterRequest } = options;
    this.#options = options;
    this.id = options.id;
    this.strings = new IncomingStrings({ random, limits });
    const files = new IncomingFiles({ sinks: NO_FILES, allow: () => false, limits });
    this.#common = new CommonCommands({ files, strings: this.strings });
    this.channel = new Channel({
      link,
      dialect,
      clock,
      random,
      limits,
      timeoutClusterRequest,
      cipher: plainCipher,
      acceptAnswerCommandsAsRequests: options.isClient,
      onRequest: (request) => this.#onRequest(request),
      onClosed: (reason) => {
        this.strings.discardAll();
        options.onClosed(reason);
      },
    });
    this.channel.setGreeted();
    link.listen(this.channel);
  }

  answer(request: IncomingRequest, text: string): void {
    this.channel.answer(request.counter, "ok", text);
  }

  refuse(request: IncomingRequest, error: unknown): void {
    this.channel.answer(request.counter, "err", encodeException(error));
  }

  /** Sends a text as a string, and the command whose payload is the string's id. Texts are sent a few at a time. */
  sendText(command: string, text: string, signal?: AbortSignal): Promise<void> {
    const naming = { command, payload: (stringId: string) => stringId };
    const chunkBytes = this.#options.limits.transferChunkBytes;
    return this.#answers.run(() => sendNamedString(this.channel, text, naming, { chunkBytes, signal }));
  }

  async #onRequest(request: IncomingRequest): Promise<void> {
    const answer = await this.#common.answer(request.command, request.payload);
    if (answer === undefined) await this.#options.onRequest(request);
    else this.channel.answer(request.counter, answer.command, answer.payload);
  }
}
