import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../support/freePort.js";
import { jsonShape } from "../../support/jsonShape.js";
import { replayClient, type NodeFrame } from "../../support/LocalReplay.js";
import { readRecording, RECORDED_CLUSTER_KEY, type RecordedFrame } from "../../support/recordings.js";
import { TestNode } from "../../support/TestNode.js";
import { runCli } from "../../../src/cli/runCli.js";
import { testEnvironment } from "../../unit/cli/testEnvironment.js";

/** What the recorded master kept, as far as its answers show it. */
const agent = (id: number, name: string, ip: string, node: string) => ({
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
  date_add: 1637500000,
  last_keepalive: 1637600000,
  connection_status: "active",
  group: "default",
});
const AGENTS = [agent(1, "web01", "any", "worker1"), agent(2, "db01", "10.0.0.12", "worker1"), agent(3, "app01", "any", "master")];

let nodes: Readonly<Record<"master" | "worker1" | "worker2", TestNode>>;

beforeAll(async () => {
  const common = { port: await freePort(), key: RECORDED_CLUSTER_KEY, cluster: "wazuh" };
  const [master, worker1, worker2] = await Promise.all([
    TestNode.create({ kind: "master", name: "master", ...common }),
    TestNode.create({ kind: "worker", name: "worker1", ...common }),
    TestNode.create({ kind: "worker", name: "worker2", ...common }),
  ]);
  nodes = { master, worker1, worker2 };
  await master.write({ "agents.json": JSON.stringify(AGENTS), "etc/muster.yaml": "store:\n  serveWdb: true\n" });
  await worker2.write({ "tmp/api_tmp_1": "a file\n" });
  const environment = testEnvironment();
  expect(await runCli(["agents", "--root", master.root, "import", join(master.root, "agents.json")], environment), environment.err()).toBe(0);
  await master.start().waitForLog("Serving on");
  for (const node of [worker1, worker2]) node.start();
  await Promise.all([worker1, worker2].map((node) => node.inStep(40_000)));
}, 90_000);

afterAll(async () => {
  await Promise.all(Object.values(nodes).map((node) => node.dispose()));
});

/** A recorded client's conversation: its request, and what the node said. */
interface Conversation {
  readonly name: string;
  readonly frames: readonly RecordedFrame[];
  readonly said: readonly NodeFrame[];
}

function conversations(recording: string): readonly Conversation[] {
  const { frames } = readRecording(recording);
  const connections = [...new Set(frames.map(({ connection }) => connection))];
  return connections.map((connection) => {
    const own = frames.filter((frame) => frame.connection === connection);
    const said = own.filter(({ sender }) => sender === "node").map(({ command, payload }) => ({ command, text: payload?.toString("utf8") ?? "" }));
    return { name: `${recording}, client ${String(connection)}: ${own[0]?.command ?? ""}`, frames: own, said };
  });
}

/**
 * What the reference fails at, or what muster says in another way; everything else must be alike.
 * 8 and 10: it can't merge items that are objects. 16: it names a string that its own client does not find.
 */
const OTHERWISE: Readonly<Record<string, string>> = {
  "local-worker, client 8: dapi": "AffectedItemsWazuhResult",
  "local-worker, client 10: dapi": "AffectedItemsWazuhResult",
  "local-worker, client 16: send_file": "File sent",
};

/** A frame without the ids of strings and their lengths. */
function comparable({ command, text }: NodeFrame): unknown {
  if (command === "new_str" || command === "dapi_res") return [command];
  // A string's id, or wazuh-db's `ok`, stands before the JSON; stores differ in its blanks.
  const [, before = "", body = ""] = /^(ok |\d+ )?(.*)$/s.exec(text) ?? [];
  const json = parsed(body);
  return [command, command === "str_upd" ? "" : before, json === undefined ? body : jsonShape(json)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

describe.each([
  ["local-master", "master"],
  ["local-worker", "worker2"],
] as const)("the clients of %s, replayed", (recording, name) => {
  test.each(conversations(recording))("$name", async ({ name: conversation, frames, said }) => {
    const { root } = nodes[name];
    const ours = (frame: RecordedFrame): Buffer => Buffer.from((frame.payload?.toString("utf8") ?? "").replaceAll("/var/ossec/", `${root}/`));
    const heard = await replayClient(join(root, "queue/cluster/c-internal.sock"), frames, ours);
    const otherwise = OTHERWISE[conversation];
    if (otherwise === undefined) expect(heard.map(comparable)).toEqual(said.map(comparable));
    else expect(heard.map(({ text }) => text).join("\n")).toContain(otherwise);
  });
});
