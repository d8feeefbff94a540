import { fromPromise, fromTransition, StateMachine } from "xstate";
import type { AnyActorLogic, AnyActorRef, AnyStateMachine } from "xstate";

/** A piece of work that a machine asked for, in the test's hands. */
export interface AskedWork {
  readonly name: string;
  /** The actor that runs it, and the machine that asked for it. */
  readonly actor: AnyActorRef;
  readonly owner: AnyActorRef;
  readonly input: unknown;
  readonly signal: AbortSignal;
  isSettled: boolean;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What an instrumented machine tells of what it does. */
export interface MachineProbe {
  onEffect(actor: AnyActorRef, name: string, params: unknown): void;
  onAsked(work: AskedWork): void;
  /** A stand-in for a child machine was started, or heard an event. */
  onFakeChild(actor: AnyActorRef, event: { readonly type: string } | "started"): void;
}

/** The event on which a stand-in for a child machine crashes. */
export const FAKE_CRASH = "test.crash";

/**
 * The machine with everything that it asks of its surroundings taken over: work becomes a promise that
 * the test settles, actions without an effect on the context are only reported. Child machines are
 * instrumented in the same way, or replaced by stand-ins that record what they hear.
 */
export function instrument(machine: AnyStateMachine, probe: MachineProbe, children: "real" | "fake"): AnyStateMachine {
  const actions: Record<string, (scope: { self: AnyActorRef }, params: unknown) => void> = {};
  for (const [name, action] of Object.entries(machine.implementations.actions)) {
    if (isBuiltIn(action)) continue;
    actions[name] = ({ self }, params) => {
      probe.onEffect(self, name, params);
    };
  }
  const actors: Record<string, AnyActorLogic> = {};
  for (const [name, logic] of Object.entries(machine.implementations.actors)) {
    if (!(logic instanceof StateMachine)) actors[name] = workInHand(name, probe);
    else actors[name] = children === "real" ? instrument(logic as AnyStateMachine, probe, children) : fakeChild(probe);
  }
  return machine.provide({ actions, actors }) as AnyStateMachine;
}

/** `assign`, `sendTo` and their like decide what happens next, and stay as they are. */
function isBuiltIn(action: unknown): boolean {
  return typeof action === "function" && "resolve" in action;
}

function workInHand(name: string, probe: MachineProbe): AnyActorLogic {
  return fromPromise<unknown, unknown>(
    ({ input, signal, self }) =>
      new Promise((resolve, reject) => {
        const owner = self._parent;
        if (owner === undefined) throw new Error(`${name} runs without a machine that asked for it`);
        const work: AskedWork = {
          name,
          actor: self,
          owner,
          input,
          signal,
          isSettled: false,
          resolve: (output) => {
            work.isSettled = true;
            resolve(output);
          },
          reject: (error) => {
            work.isSettled = true;
            reject(error instanceof Error ? error : new Error(String(error)));
          },
        };
        probe.onAsked(work);
      }),
  );
}

function fakeChild(probe: MachineProbe): AnyActorLogic {
  return fromTransition<null, { type: string; error?: unknown }, never, unknown, { type: string }>(
    (state, event, { self }) => {
      if (event.type === FAKE_CRASH) throw event.error;
      probe.onFakeChild(self, event);
      return state;
    },
    ({ self }) => {
      probe.onFakeChild(self, "started");
      return null;
    },
  );
}
