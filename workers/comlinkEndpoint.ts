import type { Endpoint } from "comlink";
import type { MessagePort, Worker } from "node:worker_threads";

type Transferred = Parameters<MessagePort["postMessage"]>[1];
type MessageHandler = (event: { readonly data: unknown }) => void;
type MessageListener = MessageHandler | { handleEvent: MessageHandler };

/**
 * A thread's port in the form that comlink wants: browser-like listeners over Node's emitter. (comlink's own
 * adapter has no types that this module system can use.)
 */
export function comlinkEndpoint(port: Worker | MessagePort): Endpoint {
  const listeners = new WeakMap<MessageListener, (data: unknown) => void>();
  return {
    postMessage: (message: unknown, transfer: Transferred = []) => {
      port.postMessage(message, transfer);
    },
    addEventListener: (_type: string, listener: MessageListener) => {
      const heard = (data: unknown): void => {
        if (typeof listener === "function") listener({ data });
        else listener.handleEvent({ data });
      };
      listeners.set(listener, heard);
      port.on("message", heard);
    },
    removeEventListener: (_type: string, listener: MessageListener) => {
      const heard = listeners.get(listener);
      if (heard === undefined) return;
      port.off("message", heard);
      listeners.delete(listener);
    },
    ...("start" in port ? { start: () => port.start() } : {}),
  };
}
