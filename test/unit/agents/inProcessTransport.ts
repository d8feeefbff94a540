import type { AgentStoreTransport } from "../../../src/agents/AgentStoreTransport.js";

/** A transport that runs commands here and now, and remembers them. */
export function inProcessTransport(
  run: (command: string) => string | Promise<string>,
): AgentStoreTransport & { readonly commands: string[] } {
  const commands: string[] = [];
  return {
    commands,
    request: async (command, signal) => {
      signal.throwIfAborted();
      commands.push(command);
      return await run(command);
    },
    describe: () => ({
      adapter: "embedded",
      state: "connected",
      location: "here",
      lastError: null,
      inFlight: 0,
      waiting: 0,
      restarts: 0,
    }),
    close: () => Promise.resolve(),
  };
}
