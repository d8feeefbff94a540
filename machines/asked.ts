import { fromPromise, type PromiseActorLogic } from "xstate";

/**
 * Declares a piece of work that a machine asks for and the node provides. A machine that runs
 * without it fails at that step with a message that names what is missing.
 */
export function asked<Output, Input>(name: string): PromiseActorLogic<Output, Input> {
  return fromPromise<Output, Input>(() =>
    Promise.reject(new Error(`The work "${name}" was not provided to the machine.`)),
  );
}
