import { connectTcp } from "./connectTcp.js";
import { listenTcp } from "./listenTcp.js";
import type { Network } from "./Network.js";

/** TCP. */
export const tcpNetwork: Network = Object.freeze({ listen: listenTcp, connect: connectTcp });
