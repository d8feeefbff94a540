import { randomInt, randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { Mailbox } from "./Mailbox.js";
import { mergeParts, splitParts } from "./mergedParts.js";
import { GROUPS_FOLDER, indexOf, type PeerDifference, type PeerFiles } from "./peerFiles.js";
import { PeerLink, type PeerAnswer, type PeerHandler, type PeerMessage } from "./PeerLink.js";
import { readZip, writeZip } from "./plainZip.js";

const VERDICT_TIMEOUT = 20_000;

export interface RawWorkerOptions {
  readonly port: number;
  readonly name: string;
  readonly key: string;
  readonly cluster: string;
  /** @default 4.3.0 */
  readonly version?: string;
  /** Where it comes from: any address of 127.0.0.0/8. @default 127.0.0.1 */
  readonly address?: string;
  /** Answers before the worker's own; see PeerHandler. */
  readonly handle?: PeerHandler;
}

/** What the master made of a worker's index. */
export type Verdict =
  | { readonly kind: "in step" }
  | { readonly kind: "files"; readonly difference: PeerDifference; readonly entries: ReadonlyMap<string, Buffer> }
  | { readonly kind: "error"; readonly text: string };

/** A worker as the reference behaves, with its files in memory and no clock: each round is asked for by the test. */
export class RawWorker {
  readonly link: PeerLink;
  readonly files: PeerFiles = new Map();
  readonly #options: RawWorkerOptions;
  readonly #verdicts = new Mailbox<Verdict>();
  readonly #agentInfo = new Mailbox<string>();
  readonly #tasks = new Set<string>();

  private constructor(link: (handle: PeerHandler) => PeerLink, options: RawWorkerOptions) {
    this.#options = options;
    this.link = link((message) => options.handle?.(message) ?? this.#answer(message));
  }

  /** Connects, and says nothing yet. */
  static async connect(options: RawWorkerOptions): Promise<RawWorker> {
    const { port, address = "127.0.0.1" } = options;
    const socket = connect({ host: "127.0.0.1", port, localAddress: address });
    await once(socket, "connect");
    return new RawWorker((handle) => new PeerLink(socket, options.key, handle), options);
  }

  /** Connects and says hello. @throws PeerRefusal when it is refused. */
  static async join(options: RawWorkerOptions): Promise<RawWorker> {
    const worker = await RawWorker.connect(options);
    await worker.hello();
    return worker;
  }

  /** @throws PeerRefusal */
  async hello(): Promise<string> {
    const { name, cluster, version = "4.3.0" } = this.#options;
    return (await this.link.ask("hello", `${name} ${cluster} worker ${version}`)).toString();
  }

  /** A request whose answer is JSON. */
  async askJson(command: string, payload: unknown): Promise<unknown> {
    return JSON.parse((await this.link.ask(command, JSON.stringify(payload))).toString());
  }

  /** One integrity round with the files as they are; applies nothing. "refused": the process is not free. */
  async check(): Promise<Verdict | "refused"> {
    const entries = new Map([["files_metadata.json", Buffer.from(JSON.stringify(indexOf(this.files)))]]);
    const pushed = await this.push("syn_i_w_m", entries);
    return pushed ? await this.#verdicts.next(VERDICT_TIMEOUT, "the master's verdict") : "refused";
  }

  /** A round, applied to the files, with the group files that the master wants sent. */
  async sync(): Promise<Verdict | "refused"> {
    const verdict = await this.check();
    if (verdict === "refused" || verdict.kind !== "files") return verdict;
    for (const path of Object.keys(verdict.difference.extra)) this.files.delete(path);
    for (const [path, content] of verdict.entries) {
      if (path === "files_metadata.json") continue;
      if (path.endsWith("/agent-groups-shared.merged")) {
        for (const part of splitParts(content)) this.files.set(`${GROUPS_FOLDER}${part.name}`, part.content);
      } else {
        this.files.set(path, content);
      }
    }
    const wanted = Object.keys(verdict.difference.extra_valid);
    if (wanted.length > 0) await this.sendGroups(wanted);
    return verdict;
  }

  /** The extra-valid process for these group files. */
  async sendGroups(paths: readonly string[], when = "2031-01-01 10:00:00"): Promise<boolean> {
    const merged = mergeParts(
      paths.map((path) => ({ name: path.slice(GROUPS_FOLDER.length), content: this.files.get(path) ?? "", when })),
    );
    const path = `queue/cluster/${this.#options.name}/agent-groups.merged`;
    const metadata = {
      [path]: { merged: true, merge_type: "agent-groups", merge_name: path, cluster_item_key: GROUPS_FOLDER },
    };
    return await this.push(
      "syn_e_w_m",
      new Map([
        [path, merged],
        ["files_metadata.json", Buffer.from(JSON.stringify(metadata))],
      ]),
    );
  }

  /** Permission, task, archive, announcement. False: no permission. */
  async push(command: "syn_i_w_m" | "syn_e_w_m", entries: ReadonlyMap<string, Uint8Array>): Promise<boolean> {
    if ((await this.link.ask(`${command}_p`)).toString() !== "True") return false;
    const task = (await this.link.ask(command)).toString();
    const path = this.transferPath();
    await this.link.sendFile(path, writeZip(entries));
    await this.link.ask(`${command}_e`, `${task} ${path}`);
    return true;
  }

  /** Sends agent-info chunks; gives the payload of `syn_m_a_e` or `syn_m_a_err`. */
  async sendAgentInfo(text: string): Promise<string> {
    const granted = (await this.link.ask("syn_a_w_m_p")).toString();
    if (granted !== "True") throw new Error(`agent-info was answered ${granted}`);
    await this.link.ask("syn_a_w_m", await this.link.sendString(text));
    return await this.#agentInfo.next(VERDICT_TIMEOUT, "the result of agent-info");
  }

  transferPath(): string {
    const { name } = this.#options;
    return `queue/cluster/${name}/${name}-${Date.now() / 1000}-${randomInt(10 ** 9)}.zip`;
  }

  #answer({ command, payload }: PeerMessage): PeerAnswer {
    switch (command) {
      case "echo-m":
        return { command: "ok-c", payload };
      case "syn_m_c_ok":
        this.#verdicts.put({ kind: "in step" });
        return { command: "ok", payload: "Thanks" };
      case "syn_m_c": {
        const task = randomUUID();
        this.#tasks.add(task);
        return { command: "ok", payload: task };
      }
      case "syn_m_c_e": {
        const [task = "", path = ""] = payload.toString().split(" ");
        const archive = this.link.files.get(path);
        if (!this.#tasks.delete(task) || archive === undefined) return { command: "err", payload: "unknown task" };
        const entries = readZip(archive);
        const difference = JSON.parse(entries.get("files_metadata.json")?.toString() ?? "{}") as PeerDifference;
        this.#verdicts.put({ kind: "files", difference, entries });
        return { command: "ok", payload: "File correctly received" };
      }
      case "syn_m_c_r":
        this.#verdicts.put({ kind: "error", text: payload.toString() });
        return { command: "ok", payload: "Error received" };
      case "syn_m_a_e":
      case "syn_m_a_err":
        this.#agentInfo.put(payload.toString());
        return { command: "ok", payload: "Thanks" };
      default:
        return undefined;
    }
  }
}
