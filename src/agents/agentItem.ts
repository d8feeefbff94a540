import type { AgentRow } from "./AgentRow.js";
import { formatAgentId } from "./formatAgentId.js";

/** Columns of the operating system, with the name that an API item gives them. */
const OS_PARTS = ["name", "version", "platform", "codename", "major", "minor", "uname", "arch", "build"] as const;

/** An agent in the form of an API item (dapi.md 3.3), its NULL columns left out; `sync_status` is muster's addition. */
export interface AgentItem {
  readonly id: string;
  readonly [field: string]: string | readonly string[] | Readonly<Record<string, string>>;
}

/** Turns a row of the store into an API item; instants as `YYYY-MM-DDTHH:MM:SSZ` (dapi.md 2, 6.4). */
export function agentItem(row: AgentRow): AgentItem {
  const os: Record<string, string> = Object.fromEntries(OS_PARTS.flatMap((part) => present(part, row[`os_${part}`])));
  const fields: Record<string, AgentItem[string]> = Object.fromEntries<AgentItem[string]>([
    ...present("name", row.name),
    ...present("ip", row.ip ?? row.register_ip),
    ...present("status", row.connection_status),
    ...(Object.keys(os).length === 0 ? [] : [["os", os] as const]),
    ...present("version", row.version),
    ...present("manager", row.manager_host),
    ...present("dateAdd", instant(row.date_add)),
    ...(row.group === undefined ? [] : [["group", String(row.group).split(",")] as const]),
    ...present("mergedSum", row.merged_sum),
    ...present("configSum", row.config_sum),
    ...present("node_name", row.node_name),
    ...present("lastKeepAlive", instant(row.last_keepalive)),
    ...present("registerIP", row.register_ip),
    ...present("sync_status", row.sync_status),
  ]);
  return { id: formatAgentId(Number(row.id)), ...fields };
}

function present(name: string, value: string | number | undefined): (readonly [string, string])[] {
  return value === undefined ? [] : [[name, String(value)]];
}

function instant(seconds: string | number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(/\.\d{3}Z$/, "Z");
}
