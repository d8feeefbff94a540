import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../support/freePort.js";
import { jsonShape } from "../../support/jsonShape.js";
import { replayClient, type NodeFrame } from "../../support/LocalReplay.js";
import { readRecording, RECORDED_CLUSTER_KEY, type RecordedFrame } from "../../support/recordings.js";
import { TestNode } from "../../support/TestNode.js";
import { runCli } from "../../../src/cli/runCli.js";
import { testEnvironment } from "../../unit/cli/testEnvironment.js";

const AGENTS = [
  { id: 1, name: "web01", ip: "any", status: "active", node_name: "worker1" },
  { id: 2, name: "db01", ip: "10.0.0.12", status: "active", node_name: "worker1" },
  { id: 3, name: "app01", ip: "any", status: "active", node_name: "master" },
];

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
  const body = command === "str_upd" ? text.slice(text.indexOf(" ") + 1) : text;
  const json = parsed(body);
  return [command, json === undefined ? body : jsonShape(json)];
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
