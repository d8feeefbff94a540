import { fromPromise } from "xstate";
import { dapiQueue, type DapiQueueRef } from "../../../machines/dapiQueue.js";
import { dapiRequest, type Resolution } from "../../../machines/dapiRequest.js";
import type { DapiRequest } from "../../dapi/DapiRequest.js";
import { formatRequest, parseRequest } from "../../dapi/encoding/requestJson.js";
import { decodeResult, encodeResult } from "../../dapi/encoding/resultJson.js";
import { decide } from "../../dapi/resolution/decide.js";
import { solve, type NodeShare, type Solution, type SolverView } from "../../dapi/resolution/solve.js";
import { affectedItems, type ApiResult } from "../../dapi/results/ApiResult.js";
import { mergeResults } from "../../dapi/results/mergeResults.js";
import type { NodeConfig } from "../../config/NodeConfig.js";
import type { RandomSource } from "../../protocol/Clock.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Logger } from "../../telemetry/Logger.js";
import { machineLog } from "../machineLog.js";
import { executeFunction, REQUEST_TIMEOUT, withNode, type Execution } from "./executeFunction.js";
import { PendingAnswers } from "./PendingAnswers.js";

/** Seconds beyond the function's own that another node's answer may take to come back. */
const ANSWER_GRACE = 5;

/** Who asked, and how the answer gets there. */
export interface Asker {
  /** For people and for the queue: a node's name, or a local client's id. */
  readonly origin: string;
  /** Brings the result's JSON to the asker. */
  respond(resultJson: string, signal: AbortSignal): Promise<void>;
  /** Tells the asker, at once or later, that its request was not taken. */
  refuse(error: MusterError): void;
}

/** The other nodes, as the service asks them. */
export interface DapiPeers {
  /** Sends a request to a node (null: to the master) and resolves once it is acknowledged. */
  send(nodeName: string | null, id: string, requestJson: string, signal: AbortSignal): Promise<void>;
  /** Connected nodes, this one first; only a master has others. */
  connectedNodes(): readonly string[];
  agents: SolverView["agents"];
}

export interface DapiServiceOptions {
  readonly config: NodeConfig;
  readonly random: RandomSource;
  readonly logger: Logger;
  readonly peers: DapiPeers;
  readonly execution: Omit<Execution, "nodeName" | "onDefect">;
}

/** A node that was asked: when the request has left, and what it answers. */
interface Asked {
  readonly sent: Promise<void>;
  readonly answer: Promise<ApiResult | MusterError>;
}

/** One request on its way; the machine knows it by its id. */
interface Work {
  readonly request: DapiRequest;
  readonly asker: Asker;
  /** Aborted when nobody waits for the request any more. */
  readonly given: AbortController;
  solution?: Solution;
  /** Answers that are on their way: they never reject. */
  answers?: Promise<readonly (ApiResult | MusterError)[]>;
  result?: string;
}

/** The distributed API of a node: what the queue's machines ask for, done (dapi.md 1). */
export class DapiService {
  readonly pending = new PendingAnswers();
  readonly #options: DapiServiceOptions;
  readonly #work = new Map<string, Work>();
  readonly #execution: Execution;

  constructor(options: DapiServiceOptions) {
    this.#options = options;
    this.#execution = {
      ...options.execution,
      nodeName: options.config.cluster.nodeName,
      onDefect: (error) => {
        options.logger.child({ subtag: "D API" }).error(`A function failed unexpectedly: ${String(error)}`, { error });
      },
    };
  }

  /**
   * Takes a request.
   *
   * @throws MusterError 1000 for a text that is no request: it is not taken
   */
  receive(requestJson: string, asker: Asker, queue: DapiQueueRef): void {
    const request = parseRequest(requestJson);
    const requestId = this.#options.random.uuid();
    this.#work.set(requestId, { request, asker, given: new AbortController() });
    const functionName = request.qualname;
    this.#options.logger.child({ subtag: "D API" }).info(`Receiving request: ${functionName} from ${asker.origin}`);
    const requestDeadline = request.waitForComplete ? null : this.#options.config.items.intervals.communication.timeoutDapiRequest * 1000;
    queue.send({ type: "REQUEST_RECEIVED", request: { requestId, functionName, origin: asker.origin, requestDeadline } });
  }

  /** The queue's machine with its work under it. */
  queueMachine() {
    const services = { logger: this.#options.logger };
    return dapiQueue.provide({
      actors: {
        dapiRequest: dapiRequest.provide({
          actors: {
            resolve: fromPromise(({ input }) => this.#resolve(this.#get(input.requestId))),
            execute: fromPromise(async ({ input, signal }) => {
              const work = this.#get(input.requestId);
              work.result = encodeResult(await this.#execute(work.request, signal));
            }),
            forward: fromPromise(({ input }) => this.#forward(this.#get(input.requestId))),
            collect: fromPromise(async ({ input }) => {
              const work = this.#get(input.requestId);
              work.result = encodeResult(this.#merge(work, await (work.answers ?? Promise.resolve([]))));
            }),
            respond: fromPromise(async ({ input, signal }) => {
              const work = this.#get(input.requestId);
              await work.asker.respond(work.result ?? "", signal);
            }),
          },
          actions: {
            log: machineLog(services, "dapiRequest"),
            answerWithError: (_, { requestId, error }) => {
              const work = this.#work.get(requestId);
              if (work === undefined) return;
              work.result = encodeResult(withNode(error, this.#options.config.cluster.nodeName));
              work.given.abort(error);
            },
            forget: (_, { requestId }) => {
              this.#forget(requestId);
            },
          },
        }),
      },
      actions: {
        log: machineLog(services, "dapiQueue"),
        refuse: (_, { requestId }) => {
          this.#work.get(requestId)?.asker.refuse(MusterError.cluster(3009, "the request queue of this node is full. Ask again later"));
          this.#forget(requestId);
        },
        drop: (_, { requestId }) => {
          this.#forget(requestId);
        },
      },
    });
  }

  #forget(requestId: string): void {
    this.#work.get(requestId)?.given.abort(MusterError.cluster(3018, "the request was given up"));
    this.#work.delete(requestId);
  }

  #get(requestId: string): Work {
    const work = this.#work.get(requestId);
    if (work === undefined) throw new Error("the request is gone");
    return work;
  }

  async #resolve(work: Work): Promise<Resolution> {
    const { config, peers } = this.#options;
    const { cluster, items } = config;
    const decision = decide(work.request, {
      type: cluster.nodeType,
      distributedApiEnabled: items.distributedApiEnabled,
      clusterDisabled: cluster.disabled,
    });
    if (decision === "execute") return { kind: "execute" };
    if (decision === "askMaster") return { kind: "askMaster" };
    work.solution = await solve(work.request, {
      ownName: cluster.nodeName,
      connectedNodes: peers.connectedNodes(),
      agents: (ids) => peers.agents(ids),
    });
    return { kind: "askNodes", nodes: work.solution.shares.map(({ nodeName }) => nodeName) };
  }

  #execute(request: DapiRequest, signal: AbortSignal): Promise<ApiResult | MusterError> {
    if (request.waitForComplete) return executeFunction(request, this.#execution, signal);
    const timeout = AbortSignal.timeout((request.apiTimeout ?? REQUEST_TIMEOUT) * 1000);
    return executeFunction(request, this.#execution, AbortSignal.any([signal, timeout]));
  }

  /** Sends each share on its way, and ends once all are sent. Each share's failure is that node's alone. */
  async #forward(work: Work): Promise<void> {
    const { solution, request, given } = work;
    const { nodeName: ownName } = this.#options.config.cluster;
    const asked: readonly Asked[] =
      solution === undefined
        ? [this.#ask(null, request, given.signal)]
        : solution.shares.map((share) =>
            share.nodeName === ownName
              ? { sent: Promise.resolve(), answer: this.#execute(share.request, given.signal) }
              : this.#askShare(share, given.signal),
          );
    work.answers = Promise.all(asked.map(({ answer }) => answer.catch((error: unknown) => withNode(error, ownName))));
    await Promise.allSettled(asked.map(({ sent }) => sent));
  }

  #askShare({ nodeName, request }: NodeShare, signal: AbortSignal): Asked {
    const { sent, answer } = this.#ask(nodeName, request, signal);
    // An error that a node sends is its answer; one on the way there makes this node a failed item.
    const failed = (error: unknown): MusterError => {
      const { code, extraMessage } = MusterError.from(error);
      return MusterError.user(code, extraMessage, { ids: [nodeName], cause: error });
    };
    return { sent, answer: answer.catch(failed) };
  }

  /** Asks one node (null: the master), within the request's own time. */
  #ask(nodeName: string | null, request: DapiRequest, signal: AbortSignal): Asked {
    const { random, peers, config } = this.#options;
    const id = random.uuid();
    const { timeoutDapiRequest } = config.items.intervals.communication;
    const own = request.waitForComplete ? timeoutDapiRequest : (request.apiTimeout ?? REQUEST_TIMEOUT);
    // The master itself waits for other nodes: its answer takes their time and its own grace.
    const seconds = own + ANSWER_GRACE * (nodeName === null ? 2 : 1);
    const lost = new AbortController();
    const late = MusterError.cluster(3021, `${nodeName ?? "the master"} did not answer within ${String(seconds)} s`);
    const timer = setTimeout(() => {
      lost.abort(late);
    }, seconds * 1000);
    const bounded = AbortSignal.any([signal, lost.signal]);
    const answer = this.pending.wait(id, nodeName, bounded).finally(() => {
      clearTimeout(timer);
    });
    const sent = peers.send(nodeName, id, formatRequest(request), bounded).catch((error: unknown) => {
      lost.abort(error instanceof Error ? error : new Error(String(error)));
    });
    return { sent, answer: answer.then(decodeResult) };
  }

  #merge({ solution }: Work, answers: readonly (ApiResult | MusterError)[]): ApiResult | MusterError {
    const [only] = answers;
    if (solution === undefined) return only ?? MusterError.cluster(3023);
    const failedNodes = solution.absentNodes.map((name) => ({ error: MusterError.notFound(1730), ids: [name] }));
    if (answers.length === 0) {
      return affectedItems({
        affectedItems: [],
        failedItems: mergedFailures(failedNodes),
        allMessage: "All selected nodes information was returned",
        someMessage: "Some nodes information was not returned",
        noneMessage: "No information was returned",
      });
    }
    const merged = mergeResults(answers);
    if (failedNodes.length === 0 || merged instanceof MusterError || merged.kind !== "affectedItems") return merged;
    return { ...merged, failedItems: [...merged.failedItems, ...mergedFailures(failedNodes)] };
  }
}

/** One failure for all absent nodes. */
function mergedFailures(failures: readonly { readonly error: MusterError; readonly ids: readonly string[] }[]) {
  const [first] = failures;
  return first === undefined ? [] : [{ error: first.error, ids: failures.flatMap(({ ids }) => ids) }];
}
