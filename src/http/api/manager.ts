import type { JsonRecord } from "../../dapi/encoding/values.js";
import { parseInstant } from "../../dapi/query/parseInstant.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Endpoint } from "./Endpoint.js";
import { flag, type Parameter, text } from "./Parameter.js";
import { listPage, q } from "./pageParameters.js";

const dateParameter: Parameter = {
  name: "date",
  place: "query",
  schema: { type: "string", format: "date" },
  description: "Day, as YYYY-MM-DD; today unless given.",
  toArguments: (given) => {
    const instant = /^\d{4}-\d\d-\d\d$/.test(given) ? parseInstant(given) : undefined;
    if (instant === undefined) throw MusterError.user(1412, given);
    return { date: new Date(instant) };
  },
};

/** Parameters that `/manager` and `/cluster/{node_id}` share. */
export const managerParameters = {
  configuration: [text("section", "Section of the configuration"), text("field", "Field of that section")],
  date: [dateParameter],
  today: (wallTime: number): JsonRecord => ({ date: new Date(wallTime) }),
  logs: [
    ...listPage(["timestamp"], false),
    text("level", "critical, debug, error, info or warning"),
    text("tag", "Daemon, as the log names it"),
    q,
  ],
} as const;

const endpoints: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/manager/status",
    call: "wazuh.manager:get_status",
    summary: "The daemons of the node that answers",
  },
  {
    method: "GET",
    path: "/manager/info",
    call: "wazuh.manager:get_basic_info",
    summary: "Version and place of the node that answers",
  },
  {
    method: "GET",
    path: "/manager/configuration",
    call: "wazuh.manager:read_ossec_conf",
    summary: "The configuration of the node that answers",
    rawType: "application/xml; charset=utf-8",
    parameters: [...managerParameters.configuration, flag("raw", "Answer with the file as it is.")],
  },
  {
    method: "GET",
    path: "/manager/configuration/validation",
    call: "wazuh.manager:validation",
    summary: "Whether the configuration of the node that answers is valid",
  },
  {
    method: "GET",
    path: "/manager/stats",
    call: "wazuh.stats:totals",
    summary: "Alerts, by hour of a day",
    atTime: managerParameters.today,
    parameters: managerParameters.date,
  },
  {
    method: "GET",
    path: "/manager/stats/hourly",
    call: "wazuh.stats:hourly",
    summary: "Average alerts, by hour",
  },
  {
    method: "GET",
    path: "/manager/stats/weekly",
    call: "wazuh.stats:weekly",
    summary: "Average alerts, by hour of the week",
  },
  {
    method: "GET",
    path: "/manager/logs",
    call: "wazuh.manager:ossec_log",
    summary: "The last lines of the log",
    parameters: managerParameters.logs,
  },
  {
    method: "GET",
    path: "/manager/logs/summary",
    call: "wazuh.manager:ossec_log_summary",
    summary: "Lines of the log, by daemon and level",
  },
  {
    method: "PUT",
    path: "/manager/restart",
    call: "wazuh.manager:restart",
    summary: "Restart the node that answers",
  },
];

/** `/manager` (dapi.md 3.2): the same functions as for a node of the cluster, but always of the node that answers. */
export const managerEndpoints: readonly Endpoint[] = endpoints.map((endpoint) => ({ ...endpoint, requestType: "local_any" }));
