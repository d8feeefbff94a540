import { afterEach, expect, test } from "vitest";
import { readZip, writeZip } from "../../support/peer/plainZip.js";
import { readRecording } from "../../support/recordings.js";
import { Replay, type ReplayOptions } from "../../support/replay.js";
import { connectToMaster, ReplayListener } from "../../support/replayLinks.js";
import { messagesOf, type RecordedMessage, type Step } from "../../support/replayScript.js";

const TIMEOUT = 300;
const recording = messagesOf(readRecording("first-sync"), 1);
/** Integrity, extra-valid, keepalive and agent-info: each once. */
const messages = recording.filter(({ index }) => index <= 47);
const MASTERS_ARCHIVE = 18;

let listener: ReplayListener | undefined;
afterEach(async () => {
  await listener?.close();
});

/** Plays both sides of a recording against each other, the master's with its own steps and archives. */
async function playBoth(
  mastersSteps: readonly Step[],
  options: Pick<ReplayOptions, "archives" | "verbatim"> = {},
): Promise<Replay> {
  listener = await ReplayListener.open();
  const worker = new Replay({ wire: await connectToMaster(listener.port), side: "worker", timeout: TIMEOUT });
  const master = new Replay({ wire: await listener.accept(), side: "master", timeout: TIMEOUT, ...options });
  const mastersPart = master.runLanes(mastersSteps);
  // It stops somewhere when the worker does.
  mastersPart.catch(() => undefined);
  await worker.run(messages);
  await mastersPart;
  await worker.finish();
  return worker;
}

/** The messages, one of them with another payload or field. */
function altered(index: number, change: { payload?: string; field?: string }): RecordedMessage[] {
  return messages.map((message) => {
    if (message.index !== index) return message;
    const { token: _, ...rest } = message;
    const { field = message.field, payload = message.payload } = change;
    return { ...rest, field, payload: Buffer.from(payload ?? "") };
  });
}

/** The recorded master's first archive. */
function mastersEntries(): Map<string, Buffer> {
  const payload = messages.find(({ index }) => index === MASTERS_ARCHIVE)?.payload ?? Buffer.alloc(0);
  return readZip(payload.subarray(payload.indexOf(" ") + 1));
}

test("both sides of a recording agree with each other", async () => {
  const worker = await playBoth(messages);
  expect(worker.compared).toBe(messages.filter(({ sender }) => sender === "master").length);
});

test("every message of a connection has its lane", () => {
  const lanes = new Map<string, string[]>();
  for (const { kind, lane, command } of recording) {
    if (kind === "request") lanes.set(lane, [...new Set([...(lanes.get(lane) ?? []), command])]);
  }
  const file = ["new_file", "file_upd", "file_end"];
  expect(Object.fromEntries(lanes)).toEqual({
    hello: ["hello"],
    keepalive: ["echo-c"],
    integrity: ["syn_i_w_m_p", "syn_i_w_m", ...file, "syn_i_w_m_e", "syn_m_c", "syn_m_c_e", "syn_m_c_ok"],
    extraValid: ["syn_e_w_m_p", "syn_e_w_m", ...file, "syn_e_w_m_e"],
    agentInfo: ["syn_a_w_m_p", "new_str", "str_upd", "syn_a_w_m", "syn_m_a_e"],
    dapi: ["dapi", "new_str", "str_upd", "dapi_res"],
  });
});

test.each([
  ["another text", 1, { payload: "Client worker2 added" }],
  ["another command field", 7, { field: "ok ---------" }],
  ["a task id that is none", 5, { payload: "b855aab3" }],
  ["a string id that is none", 41, { payload: "0x17" }],
  ["a path in another worker's folder", 16, { payload: "/queue/cluster/worker2/worker1-1.5-7.zip" }],
  ["another outcome", 46, { payload: '{"updated_chunks": 2, "error_messages": []}' }],
])("%s is noticed (frame %i)", async (_, index, change) => {
  await expect(playBoth(altered(index, change))).rejects.toThrow(new RegExp(`first-sync ${index} `));
});

test.each([
  ["other bytes", (entries: Map<string, Buffer>) => entries.set("etc/lists/audit-keys", Buffer.from("other"))],
  ["a file less", (entries: Map<string, Buffer>) => entries.delete("etc/lists/audit-keys")],
  [
    "other metadata",
    (entries: Map<string, Buffer>) => {
      const metadata = entries.get("files_metadata.json")?.toString() ?? "";
      entries.set(
        "files_metadata.json",
        Buffer.from(metadata.replace('"extra": {"', '"extra": {"etc/rules/x": {}, "')),
      );
    },
  ],
  [
    "metadata that are not last",
    (entries: Map<string, Buffer>) => {
      entries.delete("etc/client.keys");
      entries.set("etc/client.keys", Buffer.from("late"));
    },
  ],
])("an archive with %s is noticed", async (_, change) => {
  const entries = mastersEntries();
  change(entries);
  const archives = new Map([[MASTERS_ARCHIVE, writeZip(entries)]]);
  await expect(playBoth(messages, { archives })).rejects.toThrow(/first-sync 18 |the last entry/);
});

test("an archive whose checksum is another one is noticed", async () => {
  // The same entries with other dates: the content is right, the recorded checksum is not this archive's.
  const archives = new Map([[MASTERS_ARCHIVE, writeZip(mastersEntries())]]);
  await expect(playBoth(messages, { archives, verbatim: new Set([20]) })).rejects.toThrow(/first-sync 20 /);
});

test("a message that does not come is missed", async () => {
  const without = messages.filter(({ index }) => index !== 46 && index !== 47);
  await expect(playBoth(without)).rejects.toThrow("first-sync 46 (syn_m_a_e) did not come within 300 ms");
});

test("a message too many is noticed at the end", async () => {
  const more = messages.flatMap((message) =>
    message.index === 46 ? [message, { ...message, counter: 5 }] : [message],
  );
  await expect(playBoth(more)).rejects.toThrow("messages that no recorded message stands for");
});
