import { fromPromise } from "xstate";
import { sendsyncQueue, type SendsyncQueueRef } from "../../../machines/sendsyncQueue.js";
import type { DaemonSockets } from "../../dapi/CatalogueFunction.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { parseSendsyncRequest, type SendsyncRequest } from "../../protocol/payloads.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import type { Logger } from "../../telemetry/Logger.js";
import { machineLog } from "../machineLog.js";
import { DAEMON_TIMEOUT } from "../milliseconds.js";
import { pythonRepr } from "../../protocol/pythonRepr.js";

/** The daemons that may be asked, and their sockets under the root (dapi.md 7). */
const DAEMON_SOCKETS: ReadonlyMap<string, string> = new Map([
  ["authd", "queue/sockets/auth"],
  ["task-manager", "queue/tasks/task"],
  ["wazuh-db", "queue/db/wdb"],
]);
/** What the system says when nobody serves a socket, in the words of the reference's errors (recorded). */
const NOT_SERVED: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: "[Errno 2] No such file or directory",
  ECONNREFUSED: "[Errno 111] Connection refused",
  EACCES: "[Errno 13] Permission denied",
});

/** Who sent a message, and how the reply gets there. */
export interface SendsyncAsker {
  readonly origin: string;
  /** For the queue: when it is lost, so are its messages. */
  readonly askerId: string;
  reply(text: string, signal: AbortSignal): Promise<void>;
  fail(text: string): Promise<void>;
}

export interface SendsyncServiceOptions {
  readonly daemons: DaemonSockets;
  readonly logger: Logger;
  /** The queue's actor; undefined while it is being restarted. */
  readonly queue: () => SendsyncQueueRef | undefined;
}

/** Messages of other nodes to daemons of this one (dapi.md 7): what the queue's machine asks for, done. */
export class SendsyncService {
  readonly #options: SendsyncServiceOptions;
  readonly #work = new Map<string, { readonly message: SendsyncRequest; readonly asker: SendsyncAsker }>();
  #messages = 0;

  constructor(options: SendsyncServiceOptions) {
    this.#options = options;
  }

  /** @throws MusterError 1000 for a text that names no daemon and message; 3009 when the queue is full */
  receive(text: string, asker: SendsyncAsker): void {
    const message = parseSendsyncRequest("sendsync", text);
    const queue = this.#options.queue();
    if (queue === undefined || queue.getSnapshot().matches("saturated")) {
      // The queue counts what it refuses.
      queue?.send({ type: "MESSAGE_RECEIVED", message: { requestId: "", askerId: asker.askerId } });
      throw MusterError.cluster(3009, "the queue of messages to this node's daemons is full. Ask again later");
    }
    this.#messages += 1;
    const requestId = `message-${String(this.#messages)}`;
    this.#work.set(requestId, { message, asker });
    this.#options.logger.child({ subtag: "SendSync" }).debug(`Receiving SendSync request (${message.daemonName}) from ${asker.origin}`);
    queue.send({ type: "MESSAGE_RECEIVED", message: { requestId, askerId: asker.askerId } });
  }

  /** Nobody waits for this asker's messages any more. */
  lose(askerId: string): void {
    this.#options.queue()?.send({ type: "ASKER_LOST", askerId });
  }

  /** The queue's machine with its work under it. */
  queueMachine() {
    return sendsyncQueue.provide({
      actors: { deliver: fromPromise(({ input, signal }) => this.#deliver(input.requestId, signal)) },
      actions: {
        log: machineLog({ logger: this.#options.logger }, "sendsyncQueue"),
        drop: (_, { requestId }) => {
          this.#work.delete(requestId);
        },
      },
    });
  }

  async #deliver(requestId: string, signal: AbortSignal): Promise<void> {
    const work = this.#work.get(requestId);
    this.#work.delete(requestId);
    if (work === undefined) return;
    const { message, asker } = work;
    let reply: string;
    try {
      reply = await this.#ask(message, AbortSignal.any([signal, AbortSignal.timeout(DAEMON_TIMEOUT * 1000)]));
    } catch (error) {
      await asker.fail(errorText(message, MusterError.from(error)));
      return;
    }
    await asker.reply(reply, signal);
  }

  async #ask({ daemonName, message }: SendsyncRequest, signal: AbortSignal): Promise<string> {
    const socket = DAEMON_SOCKETS.get(daemonName);
    if (socket === undefined) throw MusterError.internal(1014, `'${daemonName}'`);
    const text = typeof message === "string" ? message : stringifyPython(message);
    try {
      return await this.#options.daemons.exchange(socket, text, { signal });
    } catch (error) {
      const { code = "", message: reason } = error as NodeJS.ErrnoException;
      const notServed = NOT_SERVED[code];
      if (notServed !== undefined) throw MusterError.internal(1013, notServed, { cause: error });
      throw MusterError.internal(1014, `${socket}: ${reason}`, { cause: error });
    }
  }
}

/** The reference's text: the parameters as Python prints a dictionary (recorded; dapi.md 7). */
function errorText({ daemonName, message }: SendsyncRequest, error: MusterError): string {
  return `Error in SendSync (parameters ${pythonRepr({ daemon_name: daemonName, message })}): ${error.toString()}`;
}
