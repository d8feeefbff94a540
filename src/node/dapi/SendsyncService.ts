import { fromPromise } from "xstate";
import { sendsyncQueue, type SendsyncQueueRef } from "../../../machines/sendsyncQueue.js";
import type { DaemonSockets } from "../../dapi/CatalogueFunction.js";
import type { RandomSource } from "../../protocol/Clock.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { parseSendsyncRequest, type SendsyncRequest } from "../../protocol/payloads.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import type { Logger } from "../../telemetry/Logger.js";
import { machineLog } from "../machineLog.js";

/** The daemons that may be asked, and their sockets under the root (dapi.md 7). */
const DAEMON_SOCKETS: ReadonlyMap<string, string> = new Map([
  ["authd", "queue/sockets/auth"],
  ["task-manager", "queue/tasks/task"],
  ["wazuh-db", "queue/db/wdb"],
]);
/** Seconds that a daemon may take to reply. */
const DAEMON_SECONDS = 20;

/** Who sent a message, and how the reply gets there. */
export interface SendsyncAsker {
  readonly origin: string;
  reply(text: string): Promise<void>;
  fail(text: string): Promise<void>;
}

export interface SendsyncServiceOptions {
  readonly daemons: DaemonSockets;
  readonly random: RandomSource;
  readonly logger: Logger;
}

/** Messages of other nodes to daemons of this one (dapi.md 7): what the queue's machine asks for, done. */
export class SendsyncService {
  readonly #options: SendsyncServiceOptions;
  readonly #work = new Map<string, { readonly message: SendsyncRequest; readonly asker: SendsyncAsker }>();

  constructor(options: SendsyncServiceOptions) {
    this.#options = options;
  }

  /** @throws MusterError 1000 for a text that names no daemon and message */
  receive(text: string, asker: SendsyncAsker, queue: SendsyncQueueRef): void {
    const message = parseSendsyncRequest("sendsync", text);
    const requestId = this.#options.random.uuid();
    this.#work.set(requestId, { message, asker });
    this.#options.logger.child({ subtag: "SendSync" }).debug(`Receiving SendSync request (${message.daemonName}) from ${asker.origin}`);
    queue.send({ type: "MESSAGE_RECEIVED", message: { requestId, origin: asker.origin } });
  }

  /** The queue's machine with its work under it. */
  queueMachine() {
    return sendsyncQueue.provide({
      actors: { deliver: fromPromise(({ input, signal }) => this.#deliver(input.requestId, signal)) },
      actions: {
        log: machineLog({ logger: this.#options.logger }, "sendsyncQueue"),
        refuse: (_, { requestId }) => {
          const work = this.#work.get(requestId);
          this.#work.delete(requestId);
          void work?.asker.fail("Error in SendSync: the queue of this node is full. Ask again later").catch(() => undefined);
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
      reply = await this.#ask(message, AbortSignal.any([signal, AbortSignal.timeout(DAEMON_SECONDS * 1000)]));
    } catch (error) {
      await asker.fail(errorText(message, MusterError.from(error)));
      return;
    }
    await asker.reply(reply);
  }

  async #ask({ daemonName, message }: SendsyncRequest, signal: AbortSignal): Promise<string> {
    const socket = DAEMON_SOCKETS.get(daemonName);
    if (socket === undefined) throw MusterError.internal(1014, `'${daemonName}'`);
    const text = typeof message === "string" ? message : stringifyPython(message);
    try {
      return await this.#options.daemons.exchange(socket, text, { signal });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw MusterError.internal(1014, `${socket}: ${reason}`, { cause: error });
    }
  }
}

/** The reference's text: the parameters as Python prints a dictionary (observed.md; dapi.md 7). */
function errorText({ daemonName, message }: SendsyncRequest, error: MusterError): string {
  const shown = typeof message === "string" ? pythonText(message) : stringifyPython(message);
  return `Error in SendSync (parameters {'daemon_name': ${pythonText(daemonName)}, 'message': ${shown}}): ${error.toString()}`;
}

function pythonText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
