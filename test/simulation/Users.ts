import type { SimulatedNode } from "./SimulatedNode.js";
import { ROOT } from "./SimulatedNode.js";

/** What chance decides, from one seed. */
export interface Chance {
  below(bound: number): number;
}

/** Paths that users write: two of them are each other's folder, others have odd names. */
const PATHS = [
  "etc/shared/default/agent.conf",
  "etc/shared/default/ä ö.txt",
  "etc/shared/office/agent.conf",
  "etc/shared/office/deep/er/list",
  "etc/rules/local rules.xml",
  "etc/rules/first.xml",
  "etc/decoders/local.xml",
  "etc/lists/amazon",
  "etc/lists/amazon.merged",
  "etc/lists/pair",
  "etc/lists/pair/inner",
  "var/multigroups/abcd/merged.mg",
  "etc/rules/new\nline.xml",
] as const;
export const GROUPS = "queue/agent-groups/";
export const KEYS = "etc/client.keys";
/** Agents whose keys the master may have. */
const AGENTS = [1, 2, 3, 4, 5, 6];
/** An agent that no master ever knows. */
const STRANGER = 900;
/** Before zip files can tell a time. */
const LONG_AGO = Date.UTC(1975, 4, 5);

/** Files that are nobody's business but the machine's own. */
export const UNTOUCHED = ["etc/ossec.conf", "etc/internal.conf", "logs/ossec.log", "etc/shared/ar.conf", "etc/rules/draft.swp", "queue/db/other", "tmp/x"] as const;

/** The people and programs that change files and agents on the machines, and remember every content that ever was. */
export class Users {
  /** Path → contents that it had anywhere, as latin1. */
  readonly #contents = new Map<string, Set<string>>();
  readonly #chance: Chance;
  readonly #tell: (node: string, text: string) => void;
  #versions = 0;

  constructor(chance: Chance, tell: (node: string, text: string) => void) {
    this.#chance = chance;
    this.#tell = tell;
  }

  /** Was this ever the whole content of that path? */
  knows(path: string, content: Buffer): boolean {
    return this.#contents.get(path)?.has(content.toString("latin1")) ?? false;
  }

  /** Notes a content that a path may have from now on. */
  note(path: string, content: Buffer): void {
    const known = this.#contents.get(path) ?? new Set();
    this.#contents.set(path, known.add(content.toString("latin1")));
  }

  /** How a machine is before its first node starts. */
  furnish(node: SimulatedNode): void {
    for (const path of UNTOUCHED) node.disk.write(`${ROOT}/${path}`, Buffer.from(`${path} of ${node.name}`));
    if (node.type === "master") {
      this.#writeKeys(node, AGENTS.slice(0, 4));
      for (let files = 3 + this.#chance.below(5); files > 0; files -= 1) this.#write(node, this.#pick(PATHS));
      for (const id of [1, 2]) this.#write(node, GROUPS + idOf(id));
      node.store.importAgents(AGENTS.map((id) => agent(id, "v0", "worker1")));
      return;
    }
    if (this.#chance.below(2) === 0) for (let files = this.#chance.below(4); files > 0; files -= 1) this.#write(node, this.#pick(PATHS));
    node.store.importAgents(this.#agentsOf(node).map((id) => ({ ...agent(id, "v1", node.name), sync_status: "syncreq" })));
  }

  /** Somebody changes something on this machine. */
  act(node: SimulatedNode): void {
    const { disk, type } = node;
    const path = this.#pick(PATHS);
    const kind = this.#chance.below(16);
    if (kind < 6) this.#write(node, path);
    else if (kind < 8) this.#remove(node, path);
    else if (kind === 8) this.#write(node, path, 20_000 + this.#chance.below(60_000));
    else if (kind === 9) {
      this.#write(node, path);
      disk.date(`${ROOT}/${path}`, LONG_AGO);
    } else if (kind === 10) {
      this.#tell(node.name, `somebody takes away the right to read ${path}`);
      disk.permit(`${ROOT}/${path}`, 0o200);
    } else if (kind === 11 && type === "worker") this.#write(node, GROUPS + idOf(this.#chance.below(4) === 0 ? STRANGER : this.#pick(AGENTS)));
    else if (kind === 11) this.#remove(node, GROUPS + idOf(this.#pick(AGENTS)));
    else if (kind === 12 && type === "master") this.#write(node, GROUPS + idOf(this.#pick(AGENTS)));
    else if (kind === 13 && type === "master") this.#changeKeys(node);
    else if (type === "worker") this.report(node);
    else this.#write(node, path);
  }

  /** An agent tells its worker something new. */
  report(node: SimulatedNode): void {
    const id = this.#pick(this.#agentsOf(node));
    this.#versions += 1;
    const version = `v${String(this.#versions)}`;
    this.#tell(node.name, `agent ${idOf(id)} reports ${version}`);
    node.store.importAgents([{ ...agent(id, version, node.name), connection_status: this.#chance.below(3) === 0 ? "disconnected" : "active", sync_status: "syncreq" }]);
  }

  /** A last change, which everybody has to get. */
  finish(node: SimulatedNode): void {
    this.#write(node, "etc/shared/default/last.conf");
  }

  /** Rights that were taken away come back. */
  restoreRights({ disk }: SimulatedNode): void {
    for (const path of PATHS) disk.permit(`${ROOT}/${path}`, disk.isFolder(`${ROOT}/${path}`) ? 0o770 : 0o660);
  }

  #agentsOf({ name }: SimulatedNode): number[] {
    const number = Number(name.replace(/\D/g, ""));
    return AGENTS.filter((id) => id % 3 === number - 1);
  }

  #changeKeys(node: SimulatedNode): void {
    const listed = new Set(keysIn(node.disk.read(`${ROOT}/${KEYS}`)));
    const id = this.#pick(AGENTS);
    if (listed.delete(idOf(id))) node.disk.remove(`${ROOT}/${GROUPS}${idOf(id)}`);
    else listed.add(idOf(id));
    this.#writeKeys(node, [...listed].map(Number));
  }

  #writeKeys(node: SimulatedNode, ids: readonly number[]): void {
    const text = ids.map((id) => `${idOf(id)} agent${String(id)} any ${"0123456789abcdef".repeat(4)}\n`).join("");
    this.#put(node, KEYS, Buffer.from(text), `agents ${ids.map(idOf).join(" ")}`);
  }

  #write(node: SimulatedNode, path: string, bytes = 0): void {
    this.#versions += 1;
    const text = `${path} version ${String(this.#versions)} of ${node.name}\n`;
    // Not all versions differ in size, and some are empty.
    const content = this.#versions % 11 === 0 ? "" : text.repeat(Math.ceil(Math.max(1, bytes) / text.length));
    this.#put(node, path, Buffer.from(content), `version ${String(this.#versions)}, ${String(content.length)} bytes`);
  }

  #put(node: SimulatedNode, path: string, content: Buffer, what: string): void {
    this.#clear(node, path);
    const inPlace = content.length < 4096 && this.#chance.below(3) === 0;
    this.note(path, content);
    node.disk.write(`${ROOT}/${path}`, content, inPlace);
    this.#tell(node.name, `somebody writes ${JSON.stringify(path)}: ${what}`);
  }

  #remove(node: SimulatedNode, path: string): void {
    if (node.disk.read(`${ROOT}/${path}`) === undefined) return;
    if (!node.disk.isFolder(`${ROOT}/${path}`)) node.disk.remove(`${ROOT}/${path}`);
    this.#tell(node.name, `somebody removes ${JSON.stringify(path)}`);
  }

  /** A file where a folder must be goes, and the other way round. */
  #clear({ disk }: SimulatedNode, path: string): void {
    if (path === "etc/lists/pair/inner" && disk.read(`${ROOT}/etc/lists/pair`) !== undefined && !disk.isFolder(`${ROOT}/etc/lists/pair`)) disk.remove(`${ROOT}/etc/lists/pair`);
    if (disk.isFolder(`${ROOT}/${path}`)) disk.remove(`${ROOT}/${path}`);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#chance.below(items.length)] as Item;
  }
}

function idOf(id: number): string {
  return String(id).padStart(3, "0");
}

/** Ids that a client.keys lists. */
export function keysIn(content: Buffer | undefined): string[] {
  const lines = content?.toString("utf8").split("\n") ?? [];
  return lines.filter((line) => line !== "").map((line) => line.slice(0, line.indexOf(" ")));
}

function agent(id: number, version: string, nodeName: string) {
  return { id, name: `agent${String(id)}`, ip: "10.0.0.1", version, node_name: nodeName, connection_status: "active", sync_status: "synced", last_keepalive: 1_767_225_600 } as const;
}
