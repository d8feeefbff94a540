import type { IncomingRequest } from "../../protocol/Channel.js";
import { ANSWER_FIELD, ANSWER_TEXT, TO_LOCAL_CLIENT, TO_LOCAL_NODE, TO_MASTER } from "../../protocol/commands.js";
import { unknownCommandText } from "../../protocol/CommonCommands.js";
import { encodeException } from "../../protocol/errors/exceptionJson.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { formatIdAndText, parseJsonPayload, parseNodeAndText, parsePathAndNode, parseSendsyncRequest } from "../../protocol/payloads.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import type { RandomSource } from "../../protocol/Clock.js";
import type { Connection } from "../Connection.js";
import { DapiAnswer } from "../dapi/DapiAnswer.js";
import type { Asker, DapiService } from "../dapi/DapiService.js";
import type { PendingAnswers } from "../dapi/PendingAnswers.js";
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
  /** The connection to a worker (`dapi_fwd`); undefined on a worker. */
  readonly findWorker?: (nodeName: string) => Connection | undefined;
  /** Passes a message on to the master (`sendsync`); undefined on a master, whose daemons are here. */
  readonly sendsync?: (payload: Buffer) => Promise<void>;
  /** The hashes of this node's own rules, decoders and lists, by their paths (`get_hash`). */
  rulesetHashes(): Readonly<Record<string, string>>;
  /** Has the rules loaded anew with the next round (`sendrreload`); undefined where the dialect has no such command. */
  readonly reloadRuleset?: (() => void) | undefined;
  /** Sends a file of this node to another one; resolves when it is there. */
  sendFile(path: string, nodeName: string | null): Promise<void>;
}

export interface LocalCommandsOptions {
  readonly backend: LocalBackend;
  readonly dapi: DapiService;
  readonly pending: PendingAnswers;
  readonly random: RandomSource;
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
        this.#options.dapi.receive(payload.toString("utf8"), clientAsker(client));
        client.answer(request, ANSWER_TEXT.dapiQueued);
        return;
      case TO_LOCAL_NODE.dapiForward:
        return this.#forward(client, request);
      case TO_LOCAL_NODE.sendsync:
      case TO_LOCAL_NODE.sendasync:
        return this.#sendsync(client, request);
      case TO_LOCAL_NODE.getHash:
        client.answer(request, stringifyPython(backend.rulesetHashes()));
        return;
      case TO_LOCAL_NODE.reloadRuleset:
        if (backend.reloadRuleset === undefined) break;
        backend.reloadRuleset();
        client.answer(request, stringifyPython({ success: true }));
        return;
      case TO_LOCAL_NODE.sendFile:
        return this.#sendFile(client, request);
      case TO_MASTER.keepalive:
        client.channel.answer(request.counter, ANSWER_FIELD.keepalive, payload);
        return;
    }
    client.channel.answer(request.counter, "err", unknownCommandText(command));
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

  /** `dapi_fwd`: the request goes to the worker as it is, and its answer comes back as it is. */
  async #forward(client: LocalConnection, request: IncomingRequest): Promise<void> {
    const { backend, pending, random, timeoutDapiRequest } = this.#options;
    const { command, payload } = request;
    if (backend.findWorker === undefined) {
      client.channel.answer(request.counter, "err", unknownCommandText(command));
      return;
    }
    const { nodeName, text } = parseNodeAndText(command, payload);
    const worker = backend.findWorker(nodeName);
    if (worker === undefined) throw MusterError.cluster(3022, nodeName);
    // The client's number, as the reference has it, unless it asks for several things at a time.
    const id = pending.isFree(client.id) ? client.id : random.uuid();
    const answer = pending.wait(id, { peerId: worker.id, nodeName, timeout: timeoutDapiRequest * 1000, handedOn: true });
    if (pending.isFree(id)) await answer;
    try {
      await worker.channel.request(TO_MASTER.dapi, formatIdAndText(id, text));
    } catch (error) {
      pending.fail(id, error);
      await answer;
    }
    client.answer(request, ANSWER_TEXT.dapiRequestForwarded);
    answer
      .then(
        (json) => respond(client, DapiAnswer.ofJson(json)),
        (error: unknown) => client.channel.request(TO_LOCAL_CLIENT.dapiError, encodeException(error)),
      )
      .catch(() => undefined);
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
    try {
      await backend.sendFile(path, nodeName);
    } catch (error) {
      await client.channel.request(TO_LOCAL_CLIENT.dapiError, encodeException(error)).catch(() => undefined);
      return;
    }
    // The reference sends the text itself, which its own clients take for the id of a string, and refuse.
    await client.sendText(TO_LOCAL_CLIENT.sendFileResult, FILE_SENT).catch(() => undefined);
  }
}

const FILE_SENT = "File sent";

/** The asker behind a local client: other programs of this machine that may open the socket may do what the node may. */
function clientAsker(client: LocalConnection): Asker {
  return {
    origin: client.id,
    askerId: localAskerId(client.id),
    mayChange: true,
    respond: (answer, signal) => respond(client, answer, signal),
    refuse: (error) => {
      client.channel.request(TO_LOCAL_CLIENT.dapiError, encodeException(error)).catch(() => undefined);
    },
  };
}

/** What the queue knows a local client by. */
export function localAskerId(clientId: string): string {
  return `local-${clientId}`;
}

function respond(client: LocalConnection, answer: DapiAnswer, signal?: AbortSignal): Promise<void> {
  return client.sendText(TO_LOCAL_CLIENT.dapiResult, answer.json, signal);
}
