import { createHash } from "node:crypto";
import { join } from "node:path";
import { writeTree } from "../../support/nodeRoot.js";
import { readZip } from "../../support/peer/plainZip.js";
import { readRecording } from "../../support/recordings.js";
import { StandIns } from "../../support/replayArchive.js";
import { makeReplayRoot } from "../../support/replayNode.js";
import { messagesOf, type RecordedMessage } from "../../support/replayScript.js";
import { wdbServer, type WdbServer } from "../../support/wdbServer.js";

/** A file that the master of these sessions adds; its content is in the recorded archives. */
export const ADDED_FILE = { path: "etc/rules/another.xml", content: "<group/>" };

/** What a session's nodes hold: files of which only the MD5 is recorded have contents that stand in for them. */
export interface SessionTree {
  readonly files: Readonly<Record<string, string>>;
  readonly standIns: StandIns;
}

/** The messages of one connection of a session in `more/`. */
export function session(name: string, connection = 1): RecordedMessage[] {
  return messagesOf(readRecording(`more/${name}`), connection);
}

/** A recording can end in the middle of a round, whose next step is the live node's: such a round is not begun. */
export function withoutUnfinishedRound(messages: readonly RecordedMessage[]): readonly RecordedMessage[] {
  const last = messages.findLastIndex(({ about }) => about === "syn_m_c_ok");
  return messages.filter(({ lane }, index) => lane !== "integrity" || index <= last);
}

/** A recorded hello and its answer, for sessions whose recording began later. */
export function hello(): RecordedMessage[] {
  return messagesOf(readRecording("first-sync"), 1).filter(({ lane }) => lane === "hello");
}

/** The tree of the worker when it made the first index of a session. */
export function sessionTree(messages: readonly RecordedMessage[]): SessionTree {
  const upload = messages.find(({ command, sender }) => command === "file_upd" && sender === "worker")?.payload;
  const archive = upload?.subarray(upload.indexOf(" ") + 1);
  const index = JSON.parse(
    readZip(archive ?? Buffer.alloc(0))
      .get("files_metadata.json")
      ?.toString() ?? "",
  ) as Record<string, { md5: string }>;
  const contents = new Map(Object.values(index).map(({ md5 }) => [md5, contentFor(md5)]));
  return {
    files: Object.fromEntries(Object.entries(index).map(([path, { md5 }]) => [path, contents.get(md5) ?? ""])),
    standIns: new StandIns(new Map([...contents].map(([md5, content]) => [md5, Buffer.from(content)]))),
  };
}

/** Makes a root that holds a session's tree. */
export async function sessionRoot(kind: "master" | "worker", port: number, tree: SessionTree): Promise<string> {
  const root = await makeReplayRoot({ kind, name: kind === "master" ? "master" : "worker1", port });
  await writeTree(root, tree.files);
  return root;
}

/** The agent-info strings of a session in their order, each as its chunks. */
export function recordedChunks(messages: readonly RecordedMessage[]): string[][] {
  return messages
    .filter(({ command }) => command === "str_upd")
    .map(({ payload }) => {
      const text = payload?.toString() ?? "";
      return (JSON.parse(text.slice(text.indexOf(" "))) as { chunks: string[] }).chunks;
    });
}

/** A wazuh-db at a root's socket: its answers to these commands in their order, then `ok []`. */
export function scriptedWdb(root: string, command: string, answers: readonly string[]): Promise<WdbServer> {
  const left = [...answers];
  const behave = (asked: string): { answer: string } => ({
    answer: (asked.startsWith(command) ? left.shift() : undefined) ?? "ok []",
  });
  return wdbServer({ behave }, join(root, "queue/db/wdb"));
}

function contentFor(md5: string): string {
  return md5 === createHash("md5").digest("hex") ? "" : `stands in for a file of MD5 ${md5}\n`;
}
