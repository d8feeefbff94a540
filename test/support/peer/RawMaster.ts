import { randomInt, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { mergeParts, splitParts, type MergedPart } from "./mergedParts.js";
import {
  differenceOf,
  GROUPS_FOLDER,
  indexOf,
  metadataOf,
  type PeerDifference,
  type PeerFiles,
  type PeerIndex,
  type PeerMetadata,
} from "./peerFiles.js";
import { PeerLink, type PeerAnswer, type PeerHandler, type PeerMessage } from "./PeerLink.js";
import { readZip, writeZip } from "./plainZip.js";

export interface RawMasterOptions {
  readonly key: string;
  /** @default any free one */
  readonly port?: number;
  /** Answers before the master's own; see PeerHandler. */
  readonly handle?: PeerHandler;
}

/** A master as the reference behaves, with its files in memory. A test may put its own archive in place of the honest one. */
export class RawMaster {
  readonly port: number;
  readonly files: PeerFiles = new Map();
  /** Whether a process is free, when a worker asks. */
  permits = true;
  /** Connections after a hello, the latest of a name. */
  readonly workers = new Map<string, PeerLink>();
  /** Names of workers, each time that one said hello. */
  readonly hellos: string[] = [];
  /** What each comparison found. */
  readonly differences: PeerDifference[] = [];
  readonly groupParts: MergedPart[] = [];
  /** The texts of agent-info, and of reported errors. */
  readonly agentInfo: string[] = [];
  readonly reportedErrors: string[] = [];
  /** Entries in place of the honest archive's; the metadata is part of them. */
  craft: ((difference: PeerDifference) => ReadonlyMap<string, Uint8Array>) | undefined;
  /** Takes a worker's index and does nothing with it. */
  withholdsVerdict = false;
  /** A command after whose first sending the connection is cut; undefined once it was. */
  cutAfterSending: string | undefined;
  /** Errors of the master's own requests: a worker that refuses something. */
  readonly refusals: string[] = [];
  readonly #server: Server;
  readonly #options: RawMasterOptions;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, options: RawMasterOptions) {
    this.#server = server;
    this.#options = options;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      this.#accept(socket);
    });
  }

  static async listen(options: RawMasterOptions): Promise<RawMaster> {
    const server = createServer();
    server.listen(options.port ?? 0, "127.0.0.1");
    await once(server, "listening");
    return new RawMaster(server, options);
  }

  /** Stops listening and cuts all connections. */
  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Cuts all connections and goes on listening. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const tasks = new Set<string>();
    let name = "";
    const link: PeerLink = new PeerLink(socket, this.#options.key, (message) => {
      const own = this.#options.handle?.(message);
      if (own !== undefined) return own;
      if (message.command === "hello") {
        name = message.payload.toString().split(" ")[0] ?? "";
        this.workers.set(name, link);
        this.hellos.push(name);
        return { command: "ok", payload: `Client ${name} added` };
      }
      return this.#answer(link, name, tasks, message);
    });
    link.onSent = (command) => {
      if (command !== this.cutAfterSending) return;
      this.cutAfterSending = undefined;
      setImmediate(() => socket.destroy());
    };
    void link.closed.then(() => {
      this.#sockets.delete(socket);
      if (this.workers.get(name) === link) this.workers.delete(name);
    });
  }

  #answer(link: PeerLink, name: string, tasks: Set<string>, { command, payload }: PeerMessage): PeerAnswer {
    switch (command) {
      case "echo-c":
        return { command: "ok-m ", payload };
      case "syn_i_w_m_p":
      case "syn_e_w_m_p":
      case "syn_a_w_m_p":
        return { command: "ok", payload: this.permits ? "True" : "False" };
      case "syn_i_w_m":
      case "syn_e_w_m": {
        const task = randomUUID();
        tasks.add(task);
        return { command: "ok", payload: task };
      }
      case "syn_i_w_m_e":
      case "syn_e_w_m_e": {
        const [task = "", path = ""] = payload.toString().split(" ");
        const archive = link.files.get(path);
        if (!tasks.delete(task) || archive === undefined) return { command: "err", payload: "unknown task" };
        if (this.withholdsVerdict) return { command: "ok", payload: "File correctly received" };
        const work = command === "syn_i_w_m_e" ? this.#compare(link, name, archive) : this.#takeGroups(archive);
        work.catch((error: unknown) => this.refusals.push(String(error)));
        return { command: "ok", payload: "File correctly received" };
      }
      case "syn_i_w_m_r":
      case "syn_e_w_m_r":
        this.reportedErrors.push(payload.toString());
        return { command: "ok", payload: "Error received" };
      case "syn_a_w_m": {
        const text = link.strings.get(payload.toString())?.toString() ?? "";
        this.agentInfo.push(text);
        const { chunks } = JSON.parse(text) as { chunks: unknown[] };
        const result = JSON.stringify({ updated_chunks: chunks.length, error_messages: [] });
        link.ask("syn_m_a_e", result).catch((error: unknown) => this.refusals.push(String(error)));
        return { command: "ok", payload };
      }
      default:
        return undefined;
    }
  }

  async #compare(link: PeerLink, name: string, archive: Buffer): Promise<void> {
    const theirs = JSON.parse(readZip(archive).get("files_metadata.json")?.toString() ?? "{}") as PeerIndex;
    const difference = differenceOf(indexOf(this.files), theirs);
    this.differences.push(difference);
    if (Object.values(difference).every((group) => Object.keys(group as object).length === 0)) {
      await link.ask("syn_m_c_ok");
      return;
    }
    const entries = this.craft?.(difference) ?? this.#honestArchive(name, difference);
    const task = (await link.ask("syn_m_c")).toString();
    const path = `queue/cluster/${name}/${name}-${Date.now() / 1000}-${randomInt(10 ** 9)}.zip`;
    await link.sendFile(path, writeZip(entries));
    await link.ask("syn_m_c_e", `${task} ${path}`);
  }

  /** Differing group files travel merged, all others as they are (protocol.md 6). */
  #honestArchive(name: string, difference: PeerDifference): Map<string, Uint8Array> {
    const contentOf = (path: string): Buffer => this.files.get(path) ?? Buffer.alloc(0);
    const groups = Object.keys(difference.shared).filter((path) => path.startsWith(GROUPS_FOLDER));
    const shared: Record<string, PeerMetadata> = Object.fromEntries(
      Object.entries(difference.shared).filter(([path]) => !groups.includes(path)),
    );
    const entries = new Map<string, Uint8Array>();
    for (const path of [...Object.keys(difference.missing), ...Object.keys(shared)]) entries.set(path, contentOf(path));
    if (groups.length > 0) {
      const merged = `queue/cluster/${name}/agent-groups-shared.merged`;
      const parts = groups.map((path) => ({
        name: path.slice(GROUPS_FOLDER.length),
        content: contentOf(path),
        when: "2031-01-01 10:00:00",
      }));
      shared[merged] = { cluster_item_key: GROUPS_FOLDER, merged: true, "merge-type": "agent-groups" };
      entries.set(merged, mergeParts(parts));
    }
    return entries.set("files_metadata.json", Buffer.from(JSON.stringify({ ...difference, shared })));
  }

  async #takeGroups(archive: Buffer): Promise<void> {
    const entries = readZip(archive);
    for (const path of Object.keys(JSON.parse(entries.get("files_metadata.json")?.toString() ?? "{}") as object)) {
      for (const part of splitParts(entries.get(path) ?? Buffer.alloc(0))) {
        this.groupParts.push(part);
        this.files.set(`${GROUPS_FOLDER}${part.name}`, part.content);
      }
    }
  }
}

/** The archive of one file that the master says is missing at the worker. */
export function archiveOfMissing(path: string, content: string): Map<string, Uint8Array> {
  const missing = { [path]: metadataOf(path, Buffer.from(content)) };
  const metadata = JSON.stringify({ missing, shared: {}, extra: {}, extra_valid: {} });
  return new Map([
    [path, Buffer.from(content)],
    ["files_metadata.json", Buffer.from(metadata)],
  ]);
}
