import type { ActorView, Frame, NodeState, Plain, TransferView, WorkerView } from "./wire.js";

/** Workers that are remembered after they left; of more, those that left first are forgotten. */
const REMEMBERED_WORKERS = 2_000;
/** Milliseconds that an ended transfer stays in the state. */
const ENDED_TRANSFER_STAYS = 20_000;

/** A state that `applyFrame` may change. */
export interface MutableState {
  at: number;
  actors: Record<string, ActorView>;
  workers: Record<string, WorkerView>;
  transfers: Record<string, TransferView>;
}

export function emptyState(at = 0): MutableState {
  return { at, actors: {}, workers: {}, transfers: {} };
}

/** A copy that can be changed alone; the views in it are shared, since none of them ever changes. */
export function copyState(state: NodeState): MutableState {
  return { at: state.at, actors: { ...state.actors }, workers: { ...state.workers }, transfers: { ...state.transfers } };
}

/** Brings a state to the instant of a frame. Feed and page use the same code, so both know the same. */
export function applyFrame(state: MutableState, frame: Frame): void {
  state.at = frame.at;
  for (const id of frame.gone ?? []) {
    const actor = state.actors[id];
    if (actor?.machine === "workerPeer") disconnect(state, actor, frame.at);
    delete state.actors[id];
  }
  for (const actor of frame.actors ?? []) {
    state.actors[actor.id] = actor;
    if (actor.machine === "workerPeer") connect(state, actor, frame.at);
    else if (actor.peer !== null) noteProcess(state, actor, frame.at);
  }
  for (const transfer of frame.transfers ?? []) state.transfers[transfer.id] = transfer;
  for (const { id, state: stage, at } of Object.values(state.transfers)) {
    if (stage !== "running" && frame.at - at > ENDED_TRANSFER_STAYS) delete state.transfers[id];
  }
}

function connect(state: MutableState, actor: ActorView, at: number): void {
  const name = actor.peer;
  if (name === null) return;
  if (actor.state !== "connected") {
    disconnect(state, actor, at);
    return;
  }
  const before = state.workers[name];
  if (before?.connected === true && before.actor === actor.id) return;
  const since = numberIn(actor.context, "connectedAt") ?? actor.since;
  state.workers[name] = {
    ...(before ?? { inStep: null, inStepSince: since, lastError: null }),
    name,
    actor: actor.id,
    connected: true,
    since,
  };
  forgetOldest(state);
}

function disconnect(state: MutableState, actor: ActorView, at: number): void {
  const worker = actor.peer === null ? undefined : state.workers[actor.peer];
  if (worker === undefined || worker.actor !== actor.id || !worker.connected) return;
  const reason = actor.context["closeReason"];
  const message = typeof reason === "string" ? reason : "the connection was closed";
  state.workers[worker.name] = { ...worker, connected: false, since: at, lastError: { at, message, process: "workerPeer" } };
}

function noteProcess(state: MutableState, actor: ActorView, at: number): void {
  const worker = state.workers[actor.peer ?? ""];
  if (worker === undefined) return;
  const error = errorOf(actor);
  const inStep = actor.machine === "integritySync" ? isInStep(actor.context) : worker.inStep;
  const isNewer = error !== null && error.at > (worker.lastError?.at ?? 0);
  if (inStep === worker.inStep && !isNewer) return;
  state.workers[worker.name] = {
    ...worker,
    inStep,
    inStepSince: inStep === worker.inStep ? worker.inStepSince : at,
    lastError: isNewer ? error : worker.lastError,
  };
}

/** The last failure that a process keeps of itself. */
export function errorOf(actor: ActorView): { at: number; message: string; process: string } | null {
  const record = objectIn(actor.context, "record") ?? actor.context;
  const failure = objectIn(record, "lastError");
  if (failure === undefined) return null;
  const { message, step } = failure;
  return {
    at: numberIn(failure, "at") ?? 0,
    message: `${typeof step === "string" ? `${step}: ` : ""}${typeof message === "string" ? message : "failed"}`,
    process: actor.machine,
  };
}

/** From the last comparison, and from whether what it found has been sent since. */
function isInStep(context: ActorView["context"]): boolean | null {
  const counts = objectIn(context, "counts");
  if (counts === undefined) return null;
  const differing = Object.values(counts).reduce<number>((sum, count) => sum + (typeof count === "number" ? count : 0), 0);
  if (differing === 0) return true;
  const checked = numberIn(objectIn(context, "lastCheck"), "endedAt") ?? 0;
  return (numberIn(objectIn(context, "lastSync"), "endedAt") ?? 0) >= checked;
}

function forgetOldest(state: MutableState): void {
  const workers = Object.values(state.workers);
  if (workers.length <= REMEMBERED_WORKERS) return;
  const [oldest] = workers.filter(({ connected }) => !connected).sort((one, other) => one.since - other.since);
  if (oldest !== undefined) delete state.workers[oldest.name];
}

type PlainObject = { readonly [name: string]: Plain };

export function objectIn(holder: PlainObject | undefined, name: string): PlainObject | undefined {
  const value = holder?.[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as PlainObject) : undefined;
}

export function numberIn(holder: PlainObject | undefined, name: string): number | undefined {
  const value = holder?.[name];
  return typeof value === "number" ? value : undefined;
}
