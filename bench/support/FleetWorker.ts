import { once } from "node:events";
import { connect } from "node:net";
import type { NodeConfig } from "../../src/config/NodeConfig.js";
import type { ClusterKeys } from "../../src/node/ClusterKeys.js";
import { Connection } from "../../src/node/Connection.js";
import { Leftovers } from "../../src/node/Leftovers.js";
import { NodeTaps } from "../../src/node/NodeTaps.js";
import { SocketLink } from "../../src/node/ports/SocketLink.js";
import { systemClock } from "../../src/node/ports/systemClock.js";
import { systemDisk } from "../../src/node/ports/systemDisk.js";
import { systemRandom } from "../../src/node/ports/systemRandom.js";
import { makeTransferFolder } from "../../src/node/nodeFolders.js";
import type { ThreadPool } from "../../src/node/ports/ThreadPool.js";
import { archivePath } from "../../src/node/transferPath.js";
import type { IncomingRequest } from "../../src/protocol/Channel.js";
import { ANSWER_TEXT, COMMON, KEEPALIVE_PAYLOAD, TO_MASTER, TO_WORKER } from "../../src/protocol/commands.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { formatHello } from "../../src/protocol/hello.js";
import { formatTaskAndPath, isPermissionGranted, parseTaskAndPath } from "../../src/protocol/payloads.js";

/** What the simulated workers of one process share. */
export interface FleetShare {
  readonly config: NodeConfig;
  readonly pool: ThreadPool;
  readonly keys: ClusterKeys;
}

/** An archive of an index, packed once for all. */
export interface PackedIndex {
  /** Relative to root. */
  readonly path: string;
  readonly sha256: Uint8Array;
}

/** How a round ended; `archive`: the bytes of files came. */
export type RoundEnd = "in step" | "archive" | "refused";

const ROUND_TIMEOUT = 300_000;

/** A worker as the master sees it, without machines and tree of its own: many fit in a process. */
export class FleetWorker {
  readonly #name: string;
  readonly #share: FleetShare;
  readonly #connection: Connection;
  #verdict: ((end: RoundEnd) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #keepalives: NodeJS.Timeout | undefined;

  private constructor(name: string, share: FleetShare, link: SocketLink) {
    this.#name = name;
    this.#share = share;
    const { config, keys } = share;
    this.#connection = new Connection({
      id: name,
      link,
      config,
      dialect: zip43,
      clock: systemClock,
      random: systemRandom,
      disk: systemDisk,
      leftovers: new Leftovers(systemDisk, config.root),
      keys,
      taps: new NodeTaps(),
      transferOwner: () => name,
      isGreeted: () => true,
      onCommand: (request) => this.#command(request),
      onFileBytes: () => undefined,
      onClosed: (reason) => {
        this.#failed?.(new Error(`${name}: the connection ended: ${reason?.message ?? "in order"}`));
      },
    });
    this.#connection.channel.setGreeted();
  }

  /** Connects and says hello. */
  static async join(name: string, share: FleetShare): Promise<FleetWorker> {
    const { cluster, root } = share.config;
    await makeTransferFolder(systemDisk, root, name);
    const socket = connect({ host: "127.0.0.1", port: cluster.port });
    await once(socket, "connect");
    const worker = new FleetWorker(name, share, new SocketLink(socket));
    const hello = formatHello({ nodeName: name, clusterName: cluster.name, nodeType: "worker", version: zip43.version });
    await worker.#connection.channel.request(TO_MASTER.hello, hello);
    return worker;
  }

  /** One echo; resolves with its milliseconds. */
  async echo(payload: Uint8Array): Promise<number> {
    const began = performance.now();
    await this.#connection.channel.request(COMMON.echo, payload);
    return performance.now() - began;
  }

  /** Keepalives at this interval from a random moment on, until the connection is closed. */
  keepAlive(milliseconds: number): void {
    const send = (): void => {
      void this.#connection.channel.request(TO_MASTER.keepalive, KEEPALIVE_PAYLOAD).catch(() => undefined);
    };
    this.#keepalives = setTimeout(() => {
      send();
      this.#keepalives = setInterval(send, milliseconds);
    }, Math.random() * milliseconds);
  }

  /** A whole round with this index; what the master sends is received, checked against its hash, and thrown away. */
  async round(index: PackedIndex): Promise<RoundEnd> {
    const { channel } = this.#connection;
    if (!isPermissionGranted(await channel.request(TO_MASTER.integrityPermission, ""))) return "refused";
    const taskId = await this.#connection.ask(TO_MASTER.integrityStart, "");
    const end = new Promise<RoundEnd>((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`${this.#name}: no verdict within ${String(ROUND_TIMEOUT)} ms`));
      }, ROUND_TIMEOUT);
      this.#verdict = (verdict) => {
        clearTimeout(late);
        resolve(verdict);
      };
      this.#failed = (error) => {
        clearTimeout(late);
        reject(error);
      };
    });
    // It may fail before it is waited for.
    end.catch(() => undefined);
    const path = archivePath(this.#name, systemClock, systemRandom, zip43);
    this.#connection.knowHash(path, index.sha256);
    await this.#connection.sendFile(path, taskId, new AbortController().signal, index.path);
    await channel.request(TO_MASTER.integrityEnd, formatTaskAndPath(taskId, path));
    return await end;
  }

  async close(): Promise<void> {
    clearTimeout(this.#keepalives);
    this.#failed = undefined;
    await this.#connection.release();
  }

  #command({ command, counter, payload }: IncomingRequest): boolean {
    const { channel } = this.#connection;
    switch (command) {
      case TO_WORKER.echo:
        channel.answer(counter, "ok-c", payload);
        return true;
      case TO_WORKER.integrityInOrder:
        channel.answer(counter, "ok", ANSWER_TEXT.thanks);
        this.#verdict?.("in step");
        return true;
      case TO_WORKER.integrityStart:
        channel.answer(counter, "ok", systemRandom.uuid());
        return true;
      case TO_WORKER.integrityEnd: {
        const taken = this.#connection.takeFile(parseTaskAndPath(command, payload).path);
        channel.answer(counter, "ok", ANSWER_TEXT.fileTaken);
        this.#verdict?.("archive");
        void this.#connection.drop(taken === undefined ? [] : [taken]);
        return true;
      }
      case TO_WORKER.integrityError:
        channel.answer(counter, "ok", ANSWER_TEXT.errorReceived);
        this.#failed?.(new Error(`${this.#name}: the master failed: ${payload.toString("utf8").slice(0, 500)}`));
        return true;
      default:
        return false;
    }
  }
}
