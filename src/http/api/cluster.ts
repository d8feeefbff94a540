import type { Endpoint } from "./Endpoint.js";
import { managerParameters } from "./manager.js";
import { flag, inPath, list, listOrAll, text } from "./Parameter.js";
import { objectPage, q, select } from "./pageParameters.js";

const nodeId = inPath("node_id", "Name of the node.");
const nodeNames = list("nodes_list", "Names of nodes", "filter_node");
const nodesToAsk = listOrAll("nodes_list", "Names of nodes; all unless given", "node_list", "*");

/** `/cluster` (dapi.md 3.1). */
export const clusterEndpoints: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/cluster/local/info",
    call: "wazuh.cluster:get_node_wrapper",
    summary: "The node that answers",
  },
  {
    method: "GET",
    path: "/cluster/local/config",
    call: "wazuh.cluster:read_config_wrapper",
    summary: "The cluster configuration of the node that answers",
  },
  {
    method: "GET",
    path: "/cluster/nodes",
    call: "wazuh.cluster:get_nodes_info",
    summary: "The nodes of the cluster",
    isAsync: true,
    parameters: [nodeNames, text("type", "all, worker or master", "filter_type"), ...objectPage, select, q],
  },
  {
    method: "GET",
    path: "/cluster/healthcheck",
    call: "wazuh.cluster:get_health_nodes",
    summary: "How each node's synchronisation goes",
    isAsync: true,
    parameters: [nodeNames],
  },
  {
    method: "GET",
    path: "/cluster/steps",
    call: "muster.cluster:get_steps",
    summary: "Which workers are in step, and which are out of step",
    parameters: [nodeNames],
  },
  {
    method: "GET",
    path: "/cluster/status",
    call: "wazuh.cluster:get_status_json",
    summary: "Whether the cluster is enabled and runs",
  },
  {
    method: "GET",
    path: "/cluster/configuration/validation",
    call: "wazuh.manager:validation",
    summary: "Whether the nodes' configuration is valid",
    broadcastBy: "node_list",
    parameters: [nodesToAsk],
  },
  {
    method: "PUT",
    path: "/cluster/restart",
    call: "wazuh.manager:restart",
    summary: "Restart nodes",
    broadcastBy: "node_list",
    parameters: [nodesToAsk],
  },
  {
    method: "GET",
    path: "/cluster/{node_id}/status",
    call: "wazuh.manager:get_status",
    summary: "The daemons of a node",
    parameters: [nodeId],
  },
  {
    method: "GET",
    path: "/cluster/{node_id}/info",
    call: "wazuh.manager:get_basic_info",
    summary: "Version and place of a node",
    parameters: [nodeId],
  },
  {
    method: "GET",
    path: "/cluster/{node_id}/configuration",
    call: "wazuh.manager:read_ossec_conf",
    summary: "The configuration of a node",
    rawType: "application/xml; charset=utf-8",
    parameters: [nodeId, ...managerParameters.configuration, flag("raw", "Answer with the file as it is.")],
  },
  {
    method: "GET",
    path: "/cluster/{node_id}/stats",
    call: "wazuh.stats:totals",
    summary: "Alerts of a node, by hour of a day",
    atTime: managerParameters.today,
    parameters: [nodeId, ...managerParameters.date],
  },
  {
    method: "GET",
    path: "/cluster/{node_id}/stats/hourly",
    call: "wazuh.stats:hourly",
    summary: "Average alerts of a node, by hour",
    parameters: [nodeId],
  },
  {
    method: "GET",
    path: "/cluster/{node_id}/stats/weekly",
    call: "wazuh.stats:weekly",
    summary: "Average alerts of a node, by hour of the week",
    parameters: [nodeId],
  },
  {
    method: "GET",
    path: "/cluster/{node_id}/logs",
    call: "wazuh.manager:ossec_log",
    summary: "The last lines of a node's log",
    parameters: [nodeId, ...managerParameters.logs],
  },
  {
    method: "GET",
    path: "/cluster/{node_id}/logs/summary",
    call: "wazuh.manager:ossec_log_summary",
    summary: "Lines of a node's log, by daemon and level",
    parameters: [nodeId],
  },
];
