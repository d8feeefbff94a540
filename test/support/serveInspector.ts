import fastify from "fastify";
import type { InspectedNode } from "../../src/inspector/InspectedNode.js";
import { registerInspector } from "../../src/inspector/registerInspector.js";

export interface ServedInspector {
  /** Where a browser finds it. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves the inspector by itself on a port of the loopback interface, open to everybody on this machine.
 *
 * @param port 0: any free one
 * @throws a system error when nobody can listen there
 */
export async function serveInspector(node: InspectedNode, { port }: { readonly port: number }): Promise<ServedInspector> {
  const app = fastify({ logger: false });
  await registerInspector(app, { node, open: true, authorize: async () => undefined });
  const address = await app.listen({ host: "127.0.0.1", port });
  return {
    address: `${address}/inspector/`,
    close: async () => {
      await app.close();
    },
  };
}
