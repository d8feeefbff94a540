import type { Endpoint } from "./Endpoint.js";
import { filter, filterList, list, listOrAll, oneInPath } from "./Parameter.js";
import { objectPage, q, select } from "./pageParameters.js";

const WITHOUT_GROUP = "id!=000;group=null";

const agentId = oneInPath("agent_id", "Id of the agent.", "agent_list");

/** `/agents` (dapi.md 3.3). */
export const agentEndpoints: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/agents",
    call: "wazuh.agent:get_agents",
    summary: "Agents",
    parameters: [
      listOrAll("agents_list", "Ids of agents; all unless given", "agent_list"),
      ...objectPage,
      select,
      q,
      filterList("status", "active, pending, never_connected or disconnected, with commas between them."),
      filter("older_than", "Agents silent for longer: 7d, 3h, 10m, 30s, or seconds."),
      filter("manager", "Host name of the agents' manager"),
      filter("version", "Version of the agents"),
      filter("group", "Group of the agents"),
      filter("node_name", "Node that the agents report to"),
      filter("name", "Name of the agent"),
      filter("ip", "Address of the agent"),
      filter("registerIP", "Address with which the agent was registered"),
      filter("os.version", "Version of the operating system"),
      filter("os.name", "Name of the operating system"),
      filter("os.platform", "Platform of the operating system"),
    ],
  },
  {
    method: "GET",
    path: "/agents/summary/status",
    call: "wazuh.agent:get_agents_summary_status",
    summary: "Numbers of agents, by status",
  },
  {
    method: "GET",
    path: "/agents/summary/os",
    call: "wazuh.agent:get_agents_summary_os",
    summary: "Platforms of the agents",
  },
  {
    method: "GET",
    path: "/agents/stats/distinct",
    call: "wazuh.agent:get_distinct_agents",
    summary: "Different values of fields of the agents, and how often each is",
    parameters: [list("fields", "Fields of agents", "fields"), ...objectPage, q],
  },
  {
    method: "GET",
    path: "/agents/no_group",
    call: "wazuh.agent:get_agents",
    summary: "Agents without a group",
    parameters: [...objectPage, select, q],
    finish: (args) => ({ ...args, q: typeof args.q === "string" ? `${WITHOUT_GROUP};${args.q}` : WITHOUT_GROUP }),
  },
  {
    method: "PUT",
    path: "/agents/restart",
    call: "wazuh.agent:restart_agents",
    summary: "Restart agents",
    broadcastBy: "agent_list",
    parameters: [listOrAll("agents_list", "Ids of agents; all unless given", "agent_list", "*")],
  },
  {
    method: "PUT",
    path: "/agents/{agent_id}/restart",
    call: "wazuh.agent:restart_agents",
    summary: "Restart an agent",
    parameters: [agentId],
  },
  {
    method: "GET",
    path: "/agents/{agent_id}/group/is_sync",
    call: "wazuh.agent:get_agents_sync_group",
    summary: "Whether an agent has its groups' files",
    parameters: [agentId],
  },
];
