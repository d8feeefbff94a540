import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { zlib414 } from "../../../src/protocol/dialects/zlib414.js";
import { readRecording } from "../../support/recordings.js";
import { StandIns } from "../../support/replayArchive.js";
import { recordedTree } from "../../support/replayNode.js";
import { insertBefore, messagesOf, type RecordedMessage, type Step } from "../../support/replayScript.js";
import { wdbHttpServer, type ListedChanges, type WdbHttpServer } from "../../support/wdbHttpServer.js";
import { wdbServer, type WdbServer } from "../../support/wdbServer.js";
import { writeMembers } from "../../support/peer/plainMembers.js";

/** The messages of a connection of a recording of dialect 4.14, those of the distributed API aside. */
export function todaysMessages(name: string, connection = 1): RecordedMessage[] {
  return messagesOf(readRecording(name, zlib414.id as "4.14"), connection).filter(({ lane }) => lane !== "dapi");
}

const NO_GROUPS = '[{"data":[]}]';
/**
 * The checksum in the recorded strings, fbf39973…: SHA-1 over the JSON of all agents with their groups. What stood behind
 * the recorded nodes' stores was a stand-in for wazuh-db with a checksum of its own, so a replayed node has one, too.
 */
const RECORDED_HASH = createHash("sha1").update('[[1, ["default"]], [2, ["web", "db"]]]').digest("hex");

/** Frames of the two pieces that bring the large file, whose 9,000,000 bytes are not in the recording. */
export const BIG_FILE_FRAMES = [122, 124] as const;
export const BIG_FILE = Buffer.from(Uint32Array.from({ length: 2_250_000 }, (_, index) => index * 2_654_435_761).buffer);
const RECORDED_BIG_HASH =
  "2543bde827a325a4b7656385409eef555348e90485fd35db1d969698276852d20c7cd63a6af11b94db3174d7513f882853d359198fe52b422bd1bfee85ef6a30";
export const bigFileStandIns = (): StandIns => new StandIns(new Map([[RECORDED_BIG_HASH, BIG_FILE]]));

const contentOf = (path: string): Buffer => recordedTree("master-before", zlib414).find((entry) => entry.path === path)?.content ?? Buffer.alloc(0);

/** What the recorded master's rules became with the large file; a later recorded index has their hash. */
export const CHANGED_RULES = `${contentOf("etc/rules/local_rules.xml").toString()}changed\n`;
export const REMOVED_DECODER = "etc/decoders/local_decoder.xml";

/** The archive of the change that brings the large file, as the recorded master makes its archives. */
export function bigFileArchive(): Buffer {
  const describe = (path: string, content: string | Buffer): object => ({
    [path]: { mod_time: 1795456227.5, cluster_item_key: `${dirname(path)}/`, merged: false, hash: createHash("blake2b512").update(content).digest("hex") },
  });
  const metadata = {
    missing: describe("etc/lists/big", BIG_FILE),
    extra: describe(REMOVED_DECODER, contentOf(REMOVED_DECODER)),
    shared: describe("etc/rules/local_rules.xml", CHANGED_RULES),
  };
  return writeMembers([
    ["etc/lists/big", BIG_FILE],
    ["etc/rules/local_rules.xml", Buffer.from(CHANGED_RULES)],
    ["files_metadata.json", Buffer.from(JSON.stringify(metadata))],
  ]);
}

/** The lists of agents that the recorded worker sent. */
export function recordedLists(): ListedChanges {
  const { text = "" } = readRecording("first-sync", "4.14").frames.find(({ command, sender }) => command === "str_upd" && sender === "worker") ?? {};
  return (JSON.parse(text.slice(text.indexOf(" "))) as { chunks: ListedChanges }).chunks;
}

/** The chunks of groups in the strings that a recorded master sent. */
function chunksOf(messages: readonly RecordedMessage[]): { readonly changes: string[]; readonly all: string } {
  const chunks = messages
    .filter(({ command, sender, lane }) => command === "str_upd" && sender === "master" && lane === "agentGroups")
    .map(({ payload }) => payload?.toString() ?? "")
    .flatMap((text) => (JSON.parse(text.slice(text.indexOf(" "))) as { chunks: string[] }).chunks);
  return { changes: chunks.filter(hasHash), all: chunks.find((chunk) => !hasHash(chunk)) ?? NO_GROUPS };
}

const hasHash = (text: string): boolean => text.includes('"hash');

/** What stands behind a replayed node's store: both sockets of wazuh-db, with what the recorded ones gave. */
export class RecordedStore {
  /** Agents' groups that were set, in their order. */
  readonly groups: unknown[];
  readonly #wdb: WdbServer;
  readonly #http: WdbHttpServer;
  readonly #pace: { permitted: number };

  private constructor(wdb: WdbServer, http: WdbHttpServer, groups: unknown[], pace: { permitted: number }) {
    this.#wdb = wdb;
    this.#http = http;
    this.groups = groups;
    this.#pace = pace;
  }

  /** @param hash the checksum that the store tells of its groups */
  static async open(root: string, messages: readonly RecordedMessage[], { hash = RECORDED_HASH, lists }: { hash?: string; lists?: ListedChanges } = {}): Promise<RecordedStore> {
    const { changes, all } = chunksOf(messages);
    const groups: unknown[] = [];
    const pace = { permitted: 0 };
    const nextChange = (): string => {
      if (pace.permitted === 0) return NO_GROUPS;
      pace.permitted -= 1;
      return changes.shift() ?? NO_GROUPS;
    };
    const answerOf = (command: string): string => {
      const [, request = ""] = command.split("global sync-agent-groups-get ");
      if (request.includes("sync_status")) return `ok ${nextChange()}`;
      if (request.includes('"all"')) return `ok ${all}`;
      if (request !== "") return `ok [{"data":[],"hash":"${hash}"}]`;
      const [, set] = command.split("global set-agent-groups ");
      if (set !== undefined) groups.push(...(JSON.parse(set) as { data: unknown[] }).data);
      return command.startsWith("global sql") || command.startsWith("global get-all-agents") ? "ok []" : "ok";
    };
    await mkdir(join(root, "queue/db"), { recursive: true });
    const wdb = await wdbServer({ behave: (command) => ({ answer: answerOf(command) }) }, join(root, "queue/db/wdb"));
    return new RecordedStore(wdb, await wdbHttpServer(join(root, "queue/sockets/wdb-http.sock"), lists), groups, pace);
  }

  /** Commands of the text socket. */
  get commands(): readonly string[] {
    return this.#wdb.commands;
  }

  /** Lists that were stored. */
  get lists(): readonly unknown[] {
    return this.#http.stored;
  }

  /** The steps of a live master: its store has the next recorded change just before the string that brings it. */
  paced(messages: readonly RecordedMessage[]): Step[] {
    let steps: readonly Step[] = messages;
    for (const { command, sender, payload, lane, index } of messages) {
      if (lane !== "agentGroups" || command !== "str_upd" || sender !== "master" || !hasHash(payload?.toString() ?? "")) continue;
      const announced = messages.filter((message) => message.lane === lane && message.command === "new_str" && message.index < index).at(-1)?.index ?? index;
      const permit = (): Promise<void> => Promise.resolve(void (this.#pace.permitted += 1));
      steps = insertBefore(steps, announced, { kind: "act", lane, act: permit });
    }
    return [...steps];
  }

  async close(): Promise<void> {
    await this.#wdb.close();
    await this.#http.close();
  }
}
