import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../support/freePort.js";
import { readRecording } from "../../support/recordings.js";
import { Replay } from "../../support/replay.js";
import { connectToMaster } from "../../support/replayLinks.js";
import { allFree, indexedAnew, makeReplayRoot, startReplayNode, type ReplayNode } from "../../support/replayNode.js";
import type { ReplayWire } from "../../support/replayWire.js";
import { insertBefore, messagesOf, replaceRange, type RecordedMessage, type Step } from "../../support/replayScript.js";
import { bigFileStandIns, CHANGED_RULES } from "./firstSync.js";

const ERR = "err --------";
const recording = readRecording("second-worker");
/** A connection without what belongs to the distributed API and to sendsync. */
const connection = (number: number): RecordedMessage[] =>
  messagesOf(recording, number).filter(({ lane }) => lane !== "dapi");

let port: number;
let master: ReplayNode;
/** worker1 of the other recording: in the cluster, with a synchronisation behind it. */
let firstWorker: Replay;

beforeAll(async () => {
  port = await freePort();
  const root = await makeReplayRoot({ kind: "master", name: "master", port, tar: "master-after" });
  await writeFile(join(root, "etc/rules/local_rules.xml"), CHANGED_RULES);
  await rm(join(root, "etc/decoders/local_decoder.xml"));
  master = await startReplayNode(root);
  // As the recorded master's store knew them: the manager itself and app01 report to it.
  await master.store.importAgents([
    { id: 0, node_name: "master" },
    { id: 1, name: "web01" },
    { id: 2, name: "db01" },
    { id: 3, name: "app01", node_name: "master", connection_status: "active" },
  ]);
  await indexedAnew(master);
  firstWorker = new Replay({ wire: await connectToMaster(port), side: "worker", standIns: bigFileStandIns() });
  await firstWorker.run(firstWorkerScript());
});

afterAll(async () => {
  await master?.close();
});

/** worker1 up to the moment at which the second recording begins, as far as `get_health` tells of it. */
function firstWorkerScript(): Step[] {
  const messages = messagesOf(readRecording("first-sync"), 1);
  const between = (from: number, to: number): Step[] => messages.filter(({ index }) => index >= from && index <= to);
  const steps = [...between(0, 1), ...between(36, 47), ...between(172, 193), ...between(198, 211)];
  return insertBefore(steps, 198, { kind: "act", lane: "integrity", act: () => allFree(master, "worker1") });
}

async function connectReplay(): Promise<{ replay: Replay; wire: ReplayWire }> {
  const wire = await connectToMaster(port);
  return { replay: new Replay({ wire, side: "worker" }), wire };
}

/** The answers to a connection's messages of these lanes are the recorded ones, and nothing else comes. */
async function replayWhole(steps: readonly Step[]): Promise<void> {
  const { replay, wire } = await connectReplay();
  await replay.run(steps);
  await replay.finish();
  await wire.end();
  expect(replay.compared).toBe(steps.filter((step) => "sender" in step && step.sender === "master").length);
}

test("get_nodes and get_health are answered as recorded", async () => {
  const asked = connection(1).filter(({ about }) => ["hello", "get_nodes", "get_health"].includes(about));
  expect(asked).toHaveLength(8);
  await replayWhole(asked);
});

test("a file outside of the worker's own folder is refused", async () => {
  const messages = connection(1).filter(({ lane }) => lane === "hello" || lane === "commands");
  const requests = new Map(
    messages.filter(({ kind, index }) => kind === "request" && index >= 108).map((m) => [m.command, m]),
  );
  const answered = (command: string, payload: string): Step[] => {
    const to = requests.get(command);
    return to === undefined ? [] : [to, { kind: "otherwise", lane: "commands", to, field: ERR, payload }];
  };
  // The recorded master writes /tmp/api_tmp_1 below its root. A peer of muster writes to queue/cluster/<its name>/
  // and nowhere else (quality.md 2), so this file is never opened, and its bytes belong to no open file.
  const unknown = internalError("b'/tmp/api_tmp_1'");
  const refused = [
    ...answered("new_file", "Write path not allowed"),
    ...answered("file_upd", unknown),
    ...answered("file_end", unknown),
  ];
  expect(refused).toHaveLength(6);
  const { replay, wire } = await connectReplay();
  await replay.run(
    replaceRange(
      messages.filter(({ about, index }) => about === "hello" || index >= 108),
      108,
      113,
      ...refused,
    ),
  );
  await replay.finish();
  await wire.end();
});

describe("refused hellos", () => {
  test("a name in use: the master answers 3028 after it has probed the holder", async () => {
    const [hello] = connection(2);
    if (hello === undefined) throw new Error("the recording has no second connection");
    const { replay, wire } = await connectReplay();
    // The recorded master means to answer 3028 too, but fails to encode it and drops the connection without a word
    // (observed.md, traits that are bugs). muster answers, and asks the worker of that name first whether it still lives.
    const refusal = clusterError(3028);
    await replay.run([hello, { kind: "otherwise", lane: "hello", to: hello, field: ERR, payload: refusal }]);
    await wire.closed;
    expect(firstWorker.probes).toBe(1);
    await firstWorker.finish();
  });

  test.each([
    [3, "the master's name", 3029],
    [4, "another cluster", 3030],
    [5, "another version", 3031],
  ])("connection %i, %s: error %i as recorded, and the connection is closed", async (number, _, code) => {
    const messages = connection(number);
    expect(messages.at(-1)?.payload?.toString()).toBe(clusterError(code));
    const { replay, wire } = await connectReplay();
    await replay.run(messages);
    // The recorded master leaves such a peer connected, and even listed; muster closes (protocol.md 4).
    await wire.closed;
    expect(replay.compared).toBe(1);
  });
});

test("a worker that asks for what there is not gets the recorded errors", async () => {
  const messages = connection(6);
  expect(messages).toHaveLength(30);
  // The recorded worker announced its second string a second after the first had been refused.
  const act = (): Promise<void> => allFree(master, "odd");
  await replayWhole(insertBefore(messages, 167, { kind: "act", lane: "agentInfo", act }));
});

test("the log tells of each refused hello and of each fault of the odd worker once", () => {
  const lines = master.logger
    .messages("error")
    .map((line) => line.replace(/^(Error \d+) .*\((.*) from .*\)$/, "$1, $2"));
  expect(lines).toEqual([
    "Error 3028, hello of worker1",
    "Error 3029, hello of master",
    "Error 3030, hello of q",
    "Error 3031, hello of q2",
    "Error synchronizing extra valid files or integrity on the worker: Received an error response: x",
    "JSON couldn't be loaded: Expecting value: line 1 column 1 (char 0)",
    "String couldn't be found: 12345",
  ]);
});

test("the processes pass through the states of the snapshot", async () => {
  expect(await master.rounds.settled()).toMatchSnapshot();
});

/** Exceptions as the recordings hold them, put together here from their fixed parts. */
function clusterError(code: number): string {
  const object = `"type": "about:blank", "title": "Wazuh Cluster Error", "code": ${code}, "extra_message": null, "extra_remediation": null, "cmd_error": false, "dapi_errors": {}, "ids": []`;
  return `{"__wazuh_exception__": {"__class__": "WazuhClusterError", "__object__": {${object}}}}`;
}

function internalError(extra: string): string {
  const object = `"type": "about:blank", "title": "Wazuh Internal Error", "code": 1000, "extra_message": "${extra}", "extra_remediation": null, "cmd_error": false, "dapi_errors": {}`;
  return `{"__wazuh_exception__": {"__class__": "WazuhInternalError", "__object__": {${object}}}}`;
}
