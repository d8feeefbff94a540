import { stringifyPython } from "../protocol/pythonJson.js";
import { AgentStoreError } from "./AgentStoreError.js";
import { pageCommand } from "./pageCommand.js";
import { decodeWdbJson } from "./wazuhDb/decodeWdbJson.js";
import { expectWdbSuccess, parseWdbAnswer } from "./wazuhDb/parseWdbAnswer.js";

type Send = (command: string) => Promise<string>;

const GET = "global sync-agent-groups-get";
/** What a page without agents and without checksum is; it is not worth sending. */
const NOTHING = '[{"data":[]}]';
/** The answer for agents that the store does not know; nobody need be told (dialects.md 1.8). */
const UNKNOWN_AGENT = "Cannot execute Global database query; FOREIGN KEY constraint failed";

/** The changes, marked as synced page by page, each page with the checksum of all groups. */
export async function changedGroups(send: Send): Promise<string[]> {
  const command = `${GET} ${stringifyPython({ condition: "sync_status", set_synced: true, get_global_hash: true })}`;
  return await pages(() => command, send);
}

/** All agents, page by page from the last id of the page before. */
export async function allGroups(send: Send): Promise<string[]> {
  return await pages((previous) => {
    const last_id = previous === null ? 0 : lastIdOf(previous);
    return `${GET} ${stringifyPython({ condition: "all", set_synced: false, get_global_hash: false, last_id })}`;
  }, send);
}

/** `set-agent-groups` with compact JSON, as the reference sends it. False: an agent of them is not known. */
export async function setGroups(data: readonly unknown[], send: Send): Promise<boolean> {
  const answer = await send(`global set-agent-groups ${JSON.stringify({ mode: "override", sync_status: "synced", data })}`);
  const { status, payload } = parseWdbAnswer(answer);
  if (status === "err" && payload.includes(UNKNOWN_AGENT)) return false;
  expectWdbSuccess(answer);
  return true;
}

/** The checksum of all groups. */
export async function groupsHash(send: Send): Promise<string | null> {
  const { payload } = expectWdbSuccess(await send(`${GET} ${stringifyPython({ get_global_hash: true })}`));
  return groupsOfChunk(payload).hash;
}

/** One chunk: `[{"data": [{"id": 1, "groups": […]}, …], "hash": "…"}]`. */
export interface GroupsChunk {
  readonly data: readonly unknown[];
  readonly hash: string | null;
}

/** @throws AgentStoreError 2006 for another form. */
export function groupsOfChunk(chunk: string): GroupsChunk {
  const value = decodeWdbJson(chunk);
  const [first] = Array.isArray(value) ? (value as unknown[]) : [];
  const { data, hash } = (typeof first === "object" && first !== null ? first : {}) as { data?: unknown; hash?: unknown };
  if (!Array.isArray(data)) throw new AgentStoreError(2006, `expected a list of agents with their groups, got '${chunk.slice(0, 32)}'`);
  return { data: data as unknown[], hash: typeof hash === "string" ? hash : null };
}

async function pages(next: (previous: string | null) => string, send: Send): Promise<string[]> {
  const chunks: string[] = [];
  await pageCommand(next, send, (payload) => {
    if (payload !== NOTHING) chunks.push(payload);
  });
  return chunks;
}

function lastIdOf(chunk: string): number {
  const last = groupsOfChunk(chunk).data.at(-1);
  const id = typeof last === "object" && last !== null && "id" in last ? last.id : undefined;
  if (typeof id !== "number" || !Number.isSafeInteger(id)) throw new AgentStoreError(2006, "a page of agents ends without an id");
  return id;
}
