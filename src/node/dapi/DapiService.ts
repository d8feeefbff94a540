import { fromPromise } from "xstate";
import { dapiQueue, type DapiQueueRef } from "../../../machines/dapiQueue.js";
import { dapiRequest, type DapiRoute } from "../../../machines/dapiRequest.js";
import type { AskNode } from "../../dapi/AskNode.js";
import type { DapiRequest } from "../../dapi/DapiRequest.js";
import { parseRequest } from "../../dapi/encoding/requestJson.js";
import { decide } from "../../dapi/resolution/decide.js";
import { denied } from "../../dapi/rbac/permissions.js";
import type { NodeConfig } from "../../config/NodeConfig.js";
import type { Clock } from "../../protocol/Clock.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Logger } from "../../telemetry/Logger.js";
import { machineLog } from "../machineLog.js";
import { DAPI_GRACE, LONGEST_REQUEST, REQUEST_TIMEOUT } from "../milliseconds.js";
import { DapiAnswer } from "./DapiAnswer.js";
import { executeFunction, withNode, type Execution } from "./executeFunction.js";
import type { Forwarding } from "./Forwarding.js";

/** Who asked, and how the answer gets there. */
export interface Asker {
  /** For people: a node's name, or a local client's id. */
  readonly origin: string;
  /** For the queue: when it is lost, so are its requests. */
  readonly askerId: string;
  /** May it ask for functions that change something? Peers claim rights that nobody can check (dialects.md 3.3). */
  readonly mayChange: boolean;
  /** Brings the answer to the asker. */
  respond(answer: DapiAnswer, signal: AbortSignal): Promise<void>;
  /** Tells the asker that a request that was taken will not be worked on. */
  refuse(error: MusterError): void;
}

export interface DapiServiceOptions {
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly execution: Omit<Execution, "onDefect">;
  readonly forwarding: Forwarding;
  /** The queue's actor: a child of the node's root; undefined while it is being restarted. */
  readonly queue: () => DapiQueueRef | undefined;
}

/** One request on its way; the machine knows it by its id. */
interface Work {
  readonly request: DapiRequest;
  readonly asker: Asker;
  /** Aborted when nobody waits for the request any more; made when other nodes are asked. */
  given?: AbortController;
  /** Refused while it was being received: the asker is told at once. */
  refusal?: MusterError;
  isReceived?: true;
  answer?: DapiAnswer;
}

/** The distributed API of a node: what the queue's machines ask for, done (dapi.md 1). */
export class DapiService {
  readonly #options: DapiServiceOptions;
  readonly #logger: Logger;
  readonly #work = new Map<string, Work>();
  readonly #execution: Execution;
  #requests = 0;
  #inProcess = 0;

  constructor(options: DapiServiceOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ subtag: "D API" });
    this.#execution = {
      ...options.execution,
      onDefect: (error) => {
        this.#logger.error(`A function failed unexpectedly: ${String(error)}`, { error });
      },
    };
  }

  /**
   * Takes a request; its answer, or a later refusal, comes by the asker's own way.
   *
   * @throws MusterError 1000 for a text that is no request, 3009 when the queue is full, 3023 on a worker without a master,
   *   4000 for a function that this asker may not ask for: it is not taken
   */
  receive(requestJson: string, asker: Asker): void {
    this.take(parseRequest(requestJson), asker);
  }

  take(request: DapiRequest, asker: Asker): void {
    const queue = this.#options.queue();
    if (queue === undefined) throw MusterError.cluster(3009, "the request queue of this node is being restarted. Ask again later");
    const route = this.#routeOf(request, asker);
    this.#requests += 1;
    const requestId = `request-${String(this.#requests)}`;
    const work: Work = { request, asker };
    this.#work.set(requestId, work);
    this.#logger.info(`Receiving request: ${request.qualname} from ${asker.origin}`);
    const deadlines = this.#deadlinesOf(request);
    queue.send({
      type: "REQUEST_RECEIVED",
      request: { requestId, functionName: request.qualname, origin: asker.origin, askerId: asker.askerId, route, ...deadlines },
    });
    if (work.refusal !== undefined) throw work.refusal;
    work.isReceived = true;
  }

  /** Nobody waits for this asker's requests any more. */
  lose(askerId: string): void {
    this.#options.queue()?.send({ type: "ASKER_LOST", askerId });
  }

  /** For callers in this process. */
  readonly ask: AskNode = (request, { signal }) => {
    this.#inProcess += 1;
    const askerId = `api-${String(this.#inProcess)}`;
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.lose(askerId);
        end(MusterError.cluster(3009, "the request was given up by its asker"));
      };
      const end = (answer: DapiAnswer["value"]): void => {
        signal.removeEventListener("abort", onAbort);
        resolve(answer);
      };
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener("abort", onAbort, { once: true });
      const asker: Asker = {
        origin: "API",
        askerId,
        mayChange: true,
        respond: (answer) => {
          end(answer.value);
          return Promise.resolve();
        },
        refuse: end,
      };
      try {
        this.take(request, asker);
      } catch (error) {
        end(MusterError.from(error));
      }
    });
  };

  /** The queue's machine with its work under it. */
  queueMachine() {
    const services = { logger: this.#options.logger };
    return dapiQueue.provide({
      actors: {
        dapiRequest: dapiRequest.provide({
          actors: {
            resolve: fromPromise(async ({ input }) => {
              const { request } = this.#get(input.requestId);
              this.#execution.catalogue.resolve(request.module, request.qualname);
              await this.#options.forwarding.solve(input.requestId, request);
            }),
            execute: fromPromise(async ({ input, signal }) => {
              const work = this.#get(input.requestId);
              work.answer = DapiAnswer.of(await executeFunction(work.request, this.#execution, signal));
            }),
            forward: fromPromise(async ({ input: { requestId } }) => {
              const work = this.#get(requestId);
              work.given = new AbortController();
              const execute = (share: DapiRequest, signal: AbortSignal) => this.#executeShare(share, signal);
              await this.#options.forwarding.send(requestId, work.request, { execute, signal: work.given.signal });
            }),
            collect: fromPromise(async ({ input: { requestId } }) => {
              const work = this.#get(requestId);
              work.answer = await this.#options.forwarding.collect(requestId, work.request);
            }),
            respond: fromPromise(async ({ input, signal }) => {
              const { asker, answer } = this.#get(input.requestId);
              if (answer !== undefined) await asker.respond(answer, signal);
            }),
          },
          actions: {
            log: machineLog(services, "dapiRequest"),
            answerWithError: (_, { requestId, error }) => {
              const work = this.#work.get(requestId);
              if (work === undefined) return;
              work.answer = DapiAnswer.of(withNode(error, this.#options.config.cluster.nodeName, work.request));
              work.given?.abort(error);
            },
            forget: (_, { requestId }) => {
              this.#forget(requestId);
            },
          },
        }),
      },
      actions: {
        log: machineLog(services, "dapiQueue"),
        refuse: (_, { requestId, reason }) => {
          this.#refuse(requestId, reason === "full" ? "the request queue of this node is full. Ask again later" : "the request crashed on this node; its log says why");
        },
        drop: (_, { requestId }) => {
          this.#forget(requestId);
        },
      },
    });
  }

  /** The queue has crashed: whatever it held will not be worked on. */
  abandon(): void {
    for (const requestId of [...this.#work.keys()]) this.#refuse(requestId, "the request queue of this node crashed; its log says why");
  }

  #routeOf(request: DapiRequest, { mayChange }: Asker): DapiRoute {
    const { config, execution, forwarding } = this.#options;
    const entry = execution.catalogue.find(request.module, request.qualname);
    if (!mayChange && entry !== undefined && !entry.readOnly) throw denied(entry.permission.resource);
    const decision = decide(request, {
      type: config.cluster.nodeType,
      distributedApiEnabled: config.items.distributedApiEnabled,
      clusterDisabled: config.cluster.disabled,
    });
    if (decision === "askMaster" && !forwarding.hasMaster) throw MusterError.cluster(3023);
    return decision === "forward" ? "solve" : decision;
  }

  #deadlinesOf({ waitForComplete, apiTimeout }: DapiRequest): { executionDeadline: number; requestDeadline: number } {
    if (waitForComplete) return { executionDeadline: LONGEST_REQUEST, requestDeadline: LONGEST_REQUEST };
    const { timeoutDapiRequest } = this.#options.config.items.intervals.communication;
    const executionDeadline = Math.min((apiTimeout ?? REQUEST_TIMEOUT) * 1000, LONGEST_REQUEST);
    return { executionDeadline, requestDeadline: Math.max(timeoutDapiRequest * 1000, executionDeadline + 3 * DAPI_GRACE * 1000) };
  }

  /** This node's own share of a request to several: no machine keeps its time. */
  async #executeShare(request: DapiRequest, signal: AbortSignal): Promise<DapiAnswer> {
    const { clock } = this.#options;
    const given = new AbortController();
    const giveUp = (): void => {
      given.abort();
    };
    const timer = clock.setTimeout(giveUp, this.#deadlinesOf(request).executionDeadline);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return DapiAnswer.of(await executeFunction(request, this.#execution, given.signal));
    } finally {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  #refuse(requestId: string, text: string): void {
    const work = this.#work.get(requestId);
    if (work === undefined) return;
    this.#forget(requestId);
    const error = MusterError.cluster(3009, text);
    if (work.isReceived) work.asker.refuse(error);
    else work.refusal = error;
  }

  #forget(requestId: string): void {
    const work = this.#work.get(requestId);
    this.#work.delete(requestId);
    // With an answer, no share of it is under way any more.
    if (work?.answer === undefined) work?.given?.abort(MusterError.cluster(3009, "nobody waits for the request any more"));
    this.#options.forwarding.forget(requestId);
  }

  #get(requestId: string): Work {
    const work = this.#work.get(requestId);
    if (work === undefined) throw new Error("the request is gone");
    return work;
  }
}
