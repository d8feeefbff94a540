import { agentEndpoints } from "./agents.js";
import { clusterEndpoints } from "./cluster.js";
import { decoderEndpoints } from "./decoders.js";
import type { Endpoint } from "./Endpoint.js";
import { groupEndpoints } from "./groups.js";
import { listEndpoints } from "./lists.js";
import { managerEndpoints } from "./manager.js";
import { overviewEndpoints } from "./overview.js";
import { ruleEndpoints } from "./rules.js";

/** All endpoints, by the heading under which the document shows them. A new subject is one line here. */
export const ENDPOINTS: ReadonlyMap<string, readonly Endpoint[]> = new Map([
  ["Cluster", clusterEndpoints],
  ["Manager", managerEndpoints],
  ["Agents", agentEndpoints],
  ["Groups", groupEndpoints],
  ["Rules", ruleEndpoints],
  ["Decoders", decoderEndpoints],
  ["Lists", listEndpoints],
  ["Overview", overviewEndpoints],
]);
