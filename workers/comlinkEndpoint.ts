import type { Endpoint } from "comlink";
import type { MessagePort, Worker } from "node:worker_threads";

type Transferred = Parameters<MessagePort["postMessage"]>[1];
type MessageHandler = Parameters<Endpoint["addEventListener"]>[1];

/**
 * A thread's port in the form that comlink wants: browser-like listeners over Node's emitter. (comlink's own
 * adapter has no types that this module system can use.)
 */
export function comlinkEndpoint(port: Worker | MessagePort): Endpoint {
  const listeners = new WeakMap<MessageHandler, (data: unknown) => void>();
  return {
    postMessage: (message: unknown, transfer: Transferred = []) => {
      port.postMessage(message, transfer);
    },
    addEventListener: (_type, handler) => {
      const listener = (data: unknown): void => {
        const event = { data } as MessageEvent;
        if (typeof handler === "function") handler(event);
        else handler.handleEvent(event);
      };
      listeners.set(handler, listener);
      port.on("message", listener);
    },
    removeEventListener: (_type, handler) => {
      const listener = listeners.get(handler);
      if (listener === undefined) return;
      port.off("message", listener);
      listeners.delete(handler);
    },
    ...("start" in port ? { start: () => port.start() } : {}),
  };
}
