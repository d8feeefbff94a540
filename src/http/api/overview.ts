import type { Endpoint } from "./Endpoint.js";

/** `/overview` (dapi.md 3.3). */
export const overviewEndpoints: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/overview/agents",
    call: "wazuh.agent:get_full_overview",
    summary: "Agents by node, group, operating system, status and version",
  },
];
