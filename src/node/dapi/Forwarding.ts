import type { DapiRequest } from "../../dapi/DapiRequest.js";
import { formatRequest } from "../../dapi/encoding/requestJson.js";
import { cut } from "../../dapi/resolution/pages.js";
import { solve, type NodeShare, type Solution, type SolverView } from "../../dapi/resolution/solve.js";
import { affectedItems, type ApiResult } from "../../dapi/results/ApiResult.js";
import { mergeFailed, mergeResults } from "../../dapi/results/mergeResults.js";
import type { RandomSource } from "../../protocol/Clock.js";
import { TO_MASTER } from "../../protocol/commands.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { formatIdAndText } from "../../protocol/payloads.js";
import type { Connection } from "../Connection.js";
import { DAPI_GRACE, LONGEST_REQUEST, REQUEST_TIMEOUT } from "../milliseconds.js";
import { DapiAnswer } from "./DapiAnswer.js";
import { withNode } from "./executeFunction.js";
import type { PendingAnswers } from "./PendingAnswers.js";

/** What a node says of itself rather than of the request: it fails for that node, and the others' answers count. */
const NODE_ERRORS: ReadonlySet<number> = new Set([1017, 3009, 3018, 3020, 3021, 3022, 3023]);

/** The other nodes, as requests are sent to them. */
export interface DapiPeers {
  /** The connection to a node (null: to the master); undefined when there is none. */
  find(nodeName: string | null): Connection | undefined;
  /** Connected nodes, this one first; only a master has others. */
  connectedNodes(): readonly string[];
  readonly agents: SolverView["agents"];
}

export interface ForwardingOptions {
  readonly nodeName: string;
  readonly random: RandomSource;
  readonly peers: DapiPeers;
  readonly pending: PendingAnswers;
}

interface SendOptions {
  /** Runs this node's own share. */
  readonly execute: (share: DapiRequest, signal: AbortSignal) => Promise<DapiAnswer>;
  readonly signal: AbortSignal;
}

/** A node that was asked: when the request has left, and what it answers; neither ever rejects. */
interface Asked {
  readonly sent: Promise<void>;
  readonly answer: Promise<DapiAnswer>;
}

/** Asks other nodes, and makes one answer of theirs (dapi.md 1.4, 1.5). */
export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #solutions = new Map<string, Solution>();
  readonly #answers = new Map<string, Promise<readonly DapiAnswer[]>>();

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /** Is there a connection to the master? */
  get hasMaster(): boolean {
    return this.#options.peers.find(null) !== undefined;
  }

  /** Finds the nodes that a request concerns. */
  async solve(requestId: string, request: DapiRequest): Promise<void> {
    const { nodeName, peers } = this.#options;
    const view = { ownName: nodeName, connectedNodes: peers.connectedNodes(), agents: peers.agents };
    this.#solutions.set(requestId, await solve(request, view));
  }

  /** Sends a request, or each node's share of it, on its way, and ends once all have left. A share's failure is that node's alone. */
  async send(requestId: string, request: DapiRequest, { execute, signal }: SendOptions): Promise<void> {
    const solution = this.#solutions.get(requestId);
    const asked: readonly Asked[] =
      solution === undefined
        ? [this.#askMaster(request, signal)]
        : solution.shares.map((share) =>
            share.nodeName === this.#options.nodeName
              ? { sent: Promise.resolve(), answer: execute(share.request, signal) }
              : this.#askShare(share, signal),
          );
    this.#answers.set(requestId, Promise.all(asked.map(({ answer }) => answer)));
    await Promise.all(asked.map(({ sent }) => sent));
  }

  /** Waits for the answers, and merges them. */
  async collect(requestId: string, request: DapiRequest): Promise<DapiAnswer> {
    const answers = (await this.#answers.get(requestId)) ?? [];
    const solution = this.#solutions.get(requestId);
    const [first = DapiAnswer.of(MusterError.cluster(3009, "no node was asked"))] = answers;
    return solution === undefined ? first : mergeShares(request, solution, answers);
  }

  forget(requestId: string): void {
    this.#solutions.delete(requestId);
    this.#answers.delete(requestId);
  }

  #askMaster(request: DapiRequest, signal: AbortSignal): Asked {
    // The master itself waits for other nodes: its answer takes their time and its own grace.
    const { sent, answer } = this.#ask(null, request, { signal, grace: 2 * DAPI_GRACE });
    return { sent, answer: answer.catch((error: unknown) => DapiAnswer.of(withNode(error, this.#options.nodeName, request))) };
  }

  #askShare({ nodeName, request }: NodeShare, signal: AbortSignal): Asked {
    const { sent, answer } = this.#ask(nodeName, request, { signal, grace: DAPI_GRACE });
    const failed = (error: unknown): DapiAnswer => {
      const { code, extraMessage } = MusterError.from(error);
      return DapiAnswer.of(MusterError.user(code, extraMessage, { ids: [nodeName], cause: error }));
    };
    return { sent, answer: answer.catch(failed) };
  }

  /** Asks one node (null: the master), within the request's own time and `grace` seconds for the way. */
  #ask(nodeName: string | null, request: DapiRequest, { signal, grace }: { signal: AbortSignal; grace: number }): { sent: Promise<void>; answer: Promise<DapiAnswer> } {
    const { random, peers, pending } = this.#options;
    const connection = peers.find(nodeName);
    if (connection === undefined) {
      return { sent: Promise.resolve(), answer: Promise.reject(nodeName === null ? MusterError.cluster(3023) : MusterError.cluster(3022, nodeName)) };
    }
    const id = random.uuid();
    const own = request.waitForComplete ? LONGEST_REQUEST : (request.apiTimeout ?? REQUEST_TIMEOUT) * 1000;
    const timeout = Math.min(own + grace * 1000, LONGEST_REQUEST);
    const answer = pending.wait(id, { peerId: connection.id, nodeName: nodeName ?? "the master", timeout, signal });
    // One that is refused at once is not sent at all.
    if (pending.isFree(id)) return { sent: Promise.resolve(), answer: answer.then((json) => DapiAnswer.ofJson(json)) };
    const sent = connection.channel.request(TO_MASTER.dapi, formatIdAndText(id, formatRequest(request)), { signal }).then(
      () => undefined,
      (error: unknown) => {
        pending.fail(id, error);
      },
    );
    return { sent, answer: answer.then((json) => DapiAnswer.ofJson(json)) };
  }
}

function mergeShares(request: DapiRequest, solution: Solution, answers: readonly DapiAnswer[]): DapiAnswer {
  const { shares, failed, page } = solution;
  const [only] = answers;
  if (only !== undefined && answers.length === 1 && failed.length === 0) return only;
  const values = answers.map(({ value }, at) => ofNode(value, shares[at]?.nodeName ?? "", answers.length > 1));
  const merged = mergeResults(values.length === 0 || values.every(isOfItems) ? [nothing(), ...values] : values);
  if (merged instanceof MusterError) return DapiAnswer.of(merged);
  const paged = page === undefined ? merged : cut(merged, page);
  if (paged.kind !== "affectedItems") return DapiAnswer.of(paged);
  const failedItems = mergeFailed(paged.failedItems, failed);
  return DapiAnswer.of({ ...paged, failedItems: request.broadcasting ? failedItems.filter(({ error }) => error.code !== 4000) : failedItems });
}

/** An error that is about the node becomes one of that node among others. */
function ofNode(value: ApiResult | MusterError, nodeName: string, isOneOfSeveral: boolean): ApiResult | MusterError {
  if (!isOneOfSeveral || !(value instanceof MusterError) || value.ids.length > 0 || !NODE_ERRORS.has(value.code)) return value;
  return MusterError.user(value.code, value.extraMessage, { ids: [nodeName], dapiErrors: value.dapiErrors, cause: value });
}

/** An error of some items or nodes only. When there is nothing else, they are what failed of nothing. */
function isOfItems(value: ApiResult | MusterError): boolean {
  return value instanceof MusterError && value.ids.length > 0;
}

/** What the reference answers when no node has answered: the empty list of allowed nodes (dapi.md 1.4). */
function nothing() {
  return affectedItems({
    affectedItems: [],
    allMessage: "All selected nodes information was returned",
    someMessage: "Some nodes information was not returned",
    noneMessage: "No information was returned",
  });
}
