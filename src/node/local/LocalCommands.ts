import type { DapiQueueRef } from "../../../machines/dapiQueue.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import { ANSWER_TEXT, TO_LOCAL_CLIENT, TO_LOCAL_NODE } from "../../protocol/commands.js";
import { unknownCommandText } from "../../protocol/CommonCommands.js";
import { encodeException } from "../../protocol/errors/exceptionJson.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { formatIdAndText, parseJsonPayload, parseNodeAndText, parsePathAndNode, parseSendsyncRequest } from "../../protocol/payloads.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import type { DapiService } from "../dapi/DapiService.js";
import type { LocalConnection } from "./LocalConnection.js";

/** What a node's kind decides about its local commands (protocol.md 12). */
export interface LocalBackend {
  /** The node's cluster configuration, secrets masked. */
  readonly configuration: () => Readonly<Record<string, unknown>>;
  /** On a master: answered at once. On a worker: asked of the master, and told later. */
  readonly answersAtOnce: boolean;
  nodes(argumentsJson: unknown): Promise<string>;
  health(filterJson: unknown): Promise<string>;
  /** @throws MusterError 3023 on a worker without a master */
  requireCluster(): void;
  /** Sends a request to a worker (`dapi_fwd`); undefined on a worker. */
  readonly forward?: (nodeName: string, id: string, requestJson: string) => Promise<void>;
  /** Passes a message on to the master (`sendsync`); undefined on a master, whose daemons are here. */
  readonly sendsync?: (payload: Buffer) => Promise<void>;
  /** Sends a file of this node to another one; resolves when it is there. */
  sendFile(path: string, nodeName: string | null): Promise<void>;
}

export interface LocalCommandsOptions {
  readonly backend: LocalBackend;
  readonly dapi: DapiService;
  readonly queue: () => DapiQueueRef;
  /** Seconds for an answer of another node. */
  readonly timeoutDapiRequest: number;
}

/** The commands of local clients (protocol.md 12; dapi.md 1.8). */
export class LocalCommands {
  readonly #options: LocalCommandsOptions;

  constructor(options: LocalCommandsOptions) {
    this.#options = options;
  }

  /** Answers a client's request. What it throws is answered `err`. */
  async handle(client: LocalConnection, request: IncomingRequest): Promise<void> {
    const { backend } = this.#options;
    const { command, payload } = request;
    switch (command) {
      case TO_LOCAL_NODE.getConfig:
        client.answer(request, stringifyPython(backend.configuration()));
        return;
      case TO_LOCAL_NODE.getNodes:
        return this.#tell(client, request, () => backend.nodes(parseJsonPayload(command, payload)));
      case TO_LOCAL_NODE.getHealth:
        return this.#tell(client, request, () => backend.health(parseJsonPayload(command, payload)));
      case TO_LOCAL_NODE.dapi:
        backend.requireCluster();
        this.#options.dapi.receive(payload.toString("utf8"), this.#asker(client), this.#options.queue());
        client.answer(request, ANSWER_TEXT.dapiQueued);
        return;
      case TO_LOCAL_NODE.dapiForward:
        return this.#forward(client, request);
      case TO_LOCAL_NODE.sendsync:
      case TO_LOCAL_NODE.sendasync:
        return this.#sendsync(client, request);
      case TO_LOCAL_NODE.sendFile:
        return this.#sendFile(client, request);
      default:
        client.channel.answer(request.counter, "err", unknownCommandText(command));
    }
  }

  /** The answer of `get_nodes` and `get_health`: at once, or an acknowledgement and `control_res` later. */
  async #tell(client: LocalConnection, request: IncomingRequest, ask: () => Promise<string>): Promise<void> {
    const { backend } = this.#options;
    backend.requireCluster();
    if (backend.answersAtOnce) {
      client.answer(request, await ask());
      return;
    }
    client.answer(request, ANSWER_TEXT.sentToMaster);
    // The reference leaves its client without an answer when the master refuses; an error is one, too.
    const [command, text] = await ask().then(
      (json) => [TO_LOCAL_CLIENT.controlResult, json] as const,
      (error: unknown) => [TO_LOCAL_CLIENT.dapiError, encodeException(error)] as const,
    );
    await client.channel.request(command, text).catch(() => undefined);
  }

  async #forward(client: LocalConnection, request: IncomingRequest): Promise<void> {
    const { backend, dapi, timeoutDapiRequest } = this.#options;
    const { command, payload } = request;
    if (backend.forward === undefined) {
      client.channel.answer(request.counter, "err", unknownCommandText(command));
      return;
    }
    const { nodeName, text } = parseNodeAndText(command, payload);
    const answer = dapi.pending.wait(client.id, nodeName, AbortSignal.timeout(timeoutDapiRequest * 1000));
    answer.then(
      (resultJson) => this.#asker(client).respond(resultJson),
      (error: unknown) => client.channel.request(TO_LOCAL_CLIENT.dapiError, encodeException(error)),
    ).catch(() => undefined);
    try {
      await backend.forward(nodeName, client.id, text);
    } catch (error) {
      dapi.pending.settle(client.id, nodeName, { error });
      throw error;
    }
    client.answer(request, ANSWER_TEXT.dapiRequestForwarded);
  }

  async #sendsync(client: LocalConnection, request: IncomingRequest): Promise<void> {
    const { backend } = this.#options;
    const { command, payload } = request;
    if (backend.sendsync === undefined) {
      client.channel.answer(request.counter, "err", unknownCommandText(command));
      return;
    }
    backend.requireCluster();
    parseSendsyncRequest(command, payload.toString("utf8"));
    await backend.sendsync(Buffer.from(formatIdAndText(client.id, payload.toString("utf8"))));
    // Callers of `sendsync` read exactly one frame, the daemon's answer: no acknowledgement may come before it.
    if (command === TO_LOCAL_NODE.sendasync) client.answer(request, ANSWER_TEXT.sendasyncQueued);
  }

  async #sendFile(client: LocalConnection, request: IncomingRequest): Promise<void> {
    const { backend } = this.#options;
    const { path, nodeName } = parsePathAndNode(request.command, request.payload);
    backend.requireCluster();
    client.answer(request, ANSWER_TEXT.forwardingFile);
    const [command, text] = await backend.sendFile(path, nodeName).then(
      () => [TO_LOCAL_CLIENT.sendFileResult, "File sent"] as const,
      (error: unknown) => [TO_LOCAL_CLIENT.dapiError, encodeException(error)] as const,
    );
    await client.channel.request(command, text).catch(() => undefined);
  }

  #asker(client: LocalConnection) {
    return {
      origin: client.id,
      respond: async (resultJson: string, signal?: AbortSignal): Promise<void> => {
        const stringId = await client.sendString(resultJson, signal);
        await client.channel.request(TO_LOCAL_CLIENT.dapiResult, stringId, { signal });
      },
      refuse: (error: MusterError): void => {
        client.channel.request(TO_LOCAL_CLIENT.dapiError, encodeException(error)).catch(() => undefined);
      },
    };
  }
}
