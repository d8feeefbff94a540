import type { AnyActorRef, AnyMachineSnapshot } from "xstate";
import type { Answer } from "../../machines/process.js";
import type { AskedWork } from "./machineProbe.js";
import { stateText } from "./machineText.js";

/** The largest context, as JSON, that the tests' events may lead to: ids, paths, counts and times, no contents. */
const LARGEST_CONTEXT = 8192;
/** The one request whose answer another actor decides on: the master admits a worker, or probes first. */
const ANSWERED_LATER = "HELLO_RECEIVED";

interface Request {
  readonly type: string;
  answers: number;
}

/** The counter of a request that an event carries, itself or for a child; undefined for any other event. */
function requestIdOf(event: unknown): { readonly type: string; readonly requestId: number } | undefined {
  if (typeof event !== "object" || event === null) return undefined;
  const { type, requestId, event: inner } = event as { type: string; requestId?: unknown; event?: unknown };
  if (typeof requestId === "number") return { type, requestId };
  return inner === undefined ? undefined : requestIdOf(inner);
}

/** Who asked what, and how often it was answered. */
export class RequestLedger {
  readonly #requests = new Map<number, Request>();
  readonly #forwarded = new Set<number>();
  /** Answers `True`, with the state of the child that gave them; undefined for the machine itself. */
  granted: { readonly state: unknown }[] = [];

  expect(event: unknown): void {
    const request = requestIdOf(event);
    if (request === undefined) return;
    if (this.#requests.has(request.requestId)) throw new Error(`request ${String(request.requestId)} was sent twice`);
    this.#requests.set(request.requestId, { type: request.type, answers: 0 });
  }

  answered(answer: Answer, state: unknown): void {
    const request = this.#requests.get(answer.requestId);
    if (request === undefined) throw new Error(`answer to no request: ${JSON.stringify(answer)}`);
    request.answers += 1;
    if (answer.command === "ok" && answer.payload === "True") this.granted.push({ state });
  }

  /** A stand-in for a child machine has the request now. */
  forwarded(event: unknown): void {
    const request = requestIdOf(event);
    if (request !== undefined) this.#forwarded.add(request.requestId);
  }

  /** Requests that were not answered exactly once. `isOver`: what is answered later should be by now, too. */
  faults(isOver: boolean): string[] {
    return [...this.#requests].flatMap(([requestId, { type, answers }]) => {
      const expected = this.#forwarded.has(requestId) ? 0 : 1;
      if (answers === expected || (answers === 0 && type === ANSWERED_LATER && !isOver)) return [];
      return [`${type} ${String(requestId)} was answered ${String(answers)} times`];
    });
  }
}

export interface Moment {
  readonly event: string;
  /** The state before the event. */
  readonly before: string;
  readonly subject: AnyActorRef;
  readonly asked: readonly AskedWork[];
  readonly ledger: RequestLedger;
}

/**
 * What holds for every machine after every event (actors.md, rules): no machine is in XState's status
 * `error`; every request is answered exactly once; only `free` grants permission; work whose state was
 * left is aborted; a context is small plain data.
 *
 * @throws Error that lists every rule that is broken
 */
export function checkRules({ event, before, subject, asked, ledger }: Moment): void {
  const faults: string[] = [];
  const snapshot = subject.getSnapshot() as AnyMachineSnapshot;
  if (snapshot.status === "error") faults.push(`the machine crashed: ${String(snapshot.error)}`);

  const isOver = snapshot.status !== "active" && !event.startsWith("LINK_CLOSED");
  faults.push(...ledger.faults(isOver));
  for (const { state } of ledger.granted.splice(0)) {
    const where = state === undefined ? before : stateText(state);
    if (where !== "free") faults.push(`permission was granted in ${where}`);
  }

  const running = runningActors(subject);
  for (const work of asked) {
    if (!running.has(work.actor) && !work.signal.aborted && !work.isSettled) {
      faults.push(`${work.name} goes on although its state was left`);
    }
  }
  for (const actor of running) {
    const { context } = actor.getSnapshot() as { context?: unknown };
    if (typeof context !== "object" || context === null) continue;
    faults.push(...contentsIn(context, actor.id));
    const size = JSON.stringify(context).length;
    if (size > LARGEST_CONTEXT) faults.push(`the context of ${actor.id} has ${String(size)} bytes`);
  }
  if (faults.length > 0) throw new Error(`After "${event}" in ${before}: ${faults.join("; ")}`);
}

/** The actor and its descendants, as far as they run. */
function runningActors(actor: AnyActorRef, found = new Set<AnyActorRef>()): Set<AnyActorRef> {
  const snapshot = actor.getSnapshot() as { status: string; children?: Record<string, AnyActorRef> };
  if (snapshot.status !== "active") return found;
  found.add(actor);
  for (const child of Object.values(snapshot.children ?? {})) runningActors(child, found);
  return found;
}

/** Places of a context that hold bytes, or anything else that JSON can't say. */
function contentsIn(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((member, index) => contentsIn(member, `${path}[${String(index)}]`));
  if (isClock(value)) return [];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype) return [`${path} holds ${value.constructor.name}`];
  return Object.entries(value).flatMap(([key, member]) => contentsIn(member, `${path}.${key}`));
}

function isClock(value: object): boolean {
  return "now" in value && "wallTime" in value;
}
