import { describe, expect, test } from "vitest";
import type { NewAgent } from "../../src/agents/NewAgent.js";
import { parseRequest } from "../../src/dapi/encoding/requestJson.js";
import { encodeResult } from "../../src/dapi/encoding/resultJson.js";
import { DaemonReadiness } from "../../src/dapi/readiness.js";
import { executeFunction } from "../../src/node/dapi/executeFunction.js";
import { recordedRequests } from "../support/recordedRequests.js";
import { readRecording } from "../support/recordings.js";
import { agentNode, MASTER } from "../unit/dapi/agents/agentNode.js";

const RECORDINGS = ["second-worker", "local-worker", "local-master"];
const SUBJECTS = /"__module__": "wazuh\.(?:agent|core\.agent|cluster)"/;

const asked = RECORDINGS.flatMap((name) => recordedRequests(readRecording(name))).filter(({ request }) =>
  SUBJECTS.test(request),
);

const seconds = (instant: string): number => Date.parse(instant) / 1000;

const agent = (id: number, name: string, ip: string, node: string): NewAgent => ({
  id,
  name,
  ip,
  register_ip: ip,
  os_name: "Debian GNU/Linux",
  os_version: "11",
  os_major: "11",
  os_minor: "0",
  os_codename: "bullseye",
  os_platform: "debian",
  os_uname: "Linux |web01 |5.10.0 |#1 SMP |x86_64",
  os_arch: "x86_64",
  version: "Wazuh v4.3.0",
  config_sum: "ab73af41699f13fdd81903b5f23d8d00",
  merged_sum: "4a8724b20dee0124ff9656783c490c4e",
  manager_host: "manager",
  node_name: node,
  date_add: seconds("2021-11-21T13:06:40Z"),
  last_keepalive: seconds("2021-11-22T16:53:20Z"),
  connection_status: "active",
  groups: ["default"],
});

/** What the recorded master kept. */
const AGENTS = [
  agent(1, "web01", "any", "worker1"),
  agent(2, "db01", "10.0.0.12", "worker1"),
  agent(3, "app01", "any", "master"),
];
const MANAGER =
  "update agent set os_name = 'Debian GNU/Linux', os_version = '11', os_major = '11', os_minor = '0'," +
  " os_platform = 'debian', os_uname = 'Linux |h |5.10.0 |#1 SMP |x86_64', os_arch = 'x86_64'," +
  " version = 'Wazuh v4.3.0', manager_host = 'manager', node_name = 'master', `group` = 'default'," +
  ` date_add = ${seconds("2026-11-23T17:33:10Z")} where id = 0`;

const NODES = [MASTER, ...["worker1", "worker2"].map((name) => ({ ...MASTER, name, type: "worker" as const }))];

/**
 * The store of the recording told NULL columns as null, which wazuh-db leaves out (dapi.md 6.1); so do items here.
 * Nothing else of an item may differ.
 */
function withoutNullFields(text: string): unknown {
  const json = JSON.parse(text) as { __wazuh_result__?: { __object__: { affected_items?: unknown } } };
  const object = json.__wazuh_result__?.__object__;
  if (object?.affected_items !== undefined) object.affected_items = dropNulls(object.affected_items);
  return json;
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, dropNulls(member)]),
  );
}

describe.each(asked)("$where", ({ request, result }) => {
  test("on the same data has the same result", async () => {
    const parsed = parseRequest(request);
    const node = await agentNode({ agents: AGENTS, statements: [MANAGER], nodes: NODES, request: parsed });
    const defects: unknown[] = [];
    const own = await executeFunction(
      parsed,
      {
        catalogue: node.catalogue,
        context: node.context,
        readiness: new DaemonReadiness(node.context.files, node.context.clock),
        onDefect: (error) => defects.push(error),
      },
      new AbortController().signal,
    );
    expect(withoutNullFields(encodeResult(own))).toEqual(withoutNullFields(result));
    expect(defects).toEqual([]);
  });
});

test("the recordings ask for agents, their numbers, nodes, and for a field that does not exist", () => {
  const names = asked.map(({ request }) => parseRequest(request).qualname);
  expect(new Set(names)).toEqual(
    new Set(["Agent.get_agents_overview", "get_nodes_info", "get_agents", "get_agents_summary_status"]),
  );
  expect(asked.some(({ result }) => result.includes("Fields nonsense"))).toBe(true);
  expect(asked.length).toBeGreaterThanOrEqual(10);
});
