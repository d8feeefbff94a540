import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Answer } from "../../machines/process.js";
import type { NodeConfig } from "../config/NodeConfig.js";
import { Channel, type IncomingRequest, type RequestOptions } from "../protocol/Channel.js";
import { FernetCipher } from "../protocol/Cipher.js";
import type { Clock, RandomSource } from "../protocol/Clock.js";
import { CommonCommands, unknownCommandText } from "../protocol/CommonCommands.js";
import { ANSWER, ANSWER_TEXT, COMMON, NO_TASK } from "../protocol/commands.js";
import type { Dialect } from "../protocol/dialects/Dialect.js";
import { encodeException, exceptionFor } from "../protocol/errors/exceptionJson.js";
import type { MusterError } from "../protocol/errors/MusterError.js";
import { parseTaskAndError } from "../protocol/payloads.js";
import { ChunkPace } from "../protocol/transfer/ChunkPace.js";
import { IncomingFiles, type FileSinkFactory } from "../protocol/transfer/IncomingFiles.js";
import { IncomingStrings } from "../protocol/transfer/IncomingStrings.js";
import { Lane, STRINGS_AT_ONCE } from "../protocol/transfer/Lane.js";
import { sendFile } from "../protocol/transfer/sendFile.js";
import type { ClusterKeys } from "./cryptOffload.js";
import type { SocketLink } from "./ports/SocketLink.js";
import { transferFiles } from "./ports/transferFiles.js";
import { readLazily } from "./readLazily.js";
import { TransferCancelled } from "./TransferCancelled.js";
import { isTransferPath } from "./transferPath.js";

export interface ConnectionOptions {
  readonly id: string;
  readonly link: SocketLink;
  readonly config: NodeConfig;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly keys: ClusterKeys;
  /** Whose transfer folder the peer writes to; undefined as long as it may write nowhere. */
  readonly transferOwner: () => string | undefined;
  /** A command that is not one of the common ones; false when it is unknown. */
  readonly onCommand: (request: IncomingRequest) => boolean;
  /** May the peer use the common commands? Otherwise `onCommand` gets them. */
  readonly isGreeted: () => boolean;
  /** Bytes of a file of the peer that have arrived. */
  readonly onFileBytes: (bytes: number) => void;
  readonly onClosed: (reason: MusterError | null) => void;
}

/** One TCP connection between nodes: its channel, its transfers, and the files that they left. */
export class Connection {
  readonly id: string;
  readonly address: string;
  readonly channel: Channel;
  readonly files: IncomingFiles;
  readonly strings: IncomingStrings;
  /** For answers that are sent as strings. */
  readonly answers = new Lane(STRINGS_AT_ONCE);
  /** For what is sent over this connection in chunks. */
  readonly pace: ChunkPace;
  readonly #options: ConnectionOptions;
  readonly #common: CommonCommands;
  /** Files under root that a process of this connection owns, relative to root. */
  readonly #owned = new Set<string>();
  #bytesOfFiles = 0;
  #isClosed = false;
  readonly #closedListeners: (() => void)[] = [];
  /** The peer's tasks that files are being sent for, and whether it has given them up. */
  readonly #sending = new Map<string, { isCancelled: boolean }>();

  constructor(options: ConnectionOptions) {
    const { link, config, dialect, clock, random, keys } = options;
    const { limits, items } = config;
    this.#options = options;
    this.id = options.id;
    this.address = link.remoteAddress;
    const allow = (path: string): boolean => {
      const owner = options.transferOwner();
      return owner !== undefined && isTransferPath(path, owner);
    };
    this.files = new IncomingFiles({ sinks: this.#counted(transferFiles(config.root)), allow, limits });
    const { timeoutClusterRequest } = items.intervals.communication;
    this.pace = new ChunkPace({ clock, mostBytes: limits.transferChunkBytes, requestTimeout: timeoutClusterRequest });
    this.strings = new IncomingStrings({ random, limits });
    this.#common = new CommonCommands({ files: this.files, strings: this.strings });
    this.channel = new Channel({
      link,
      dialect,
      clock,
      random,
      limits,
      cipher: new FernetCipher({ ...keys, clock, random, inlineBytes: limits.inlineCryptoBytes }),
      timeoutClusterRequest,
      onRequest: (request) => this.#onRequest(request),
      onClosed: (reason) => {
        this.#isClosed = true;
        options.onClosed(reason);
        for (const hear of this.#closedListeners.splice(0)) hear();
      },
    });
    link.listen(this.channel);
  }

  /** Sends an answer that a machine has decided on. */
  answer(answer: Answer): void {
    const { requestId, command, payload } = answer;
    this.channel.answer(requestId, command, command === "err" ? exceptionFor(payload, this.channel.dialect) : payload);
  }

  /** Calls `hear` once the connection is closed; at once when it is. */
  whenClosed(hear: () => void): void {
    if (this.#isClosed) hear();
    else this.#closedListeners.push(hear);
  }

  /** Reports an exception of a process: `<task id or None> <exception>` (protocol.md 4, `…_r`). */
  async report(command: string, taskId: string | null, exception: string, options: RequestOptions = {}): Promise<void> {
    await this.channel.request(command, `${taskId ?? NO_TASK} ${exceptionFor(exception, this.channel.dialect)}`, options);
  }

  /** A request whose answer is text. */
  async ask(command: string, payload: Uint8Array | string, options: RequestOptions = {}): Promise<string> {
    return (await this.channel.request(command, payload, options)).toString("utf8");
  }

  /**
   * Sends a file of this node to a path at the peer. Both are relative to root; `source` is `path` unless it is named.
   *
   * @param taskId the peer's task that the file is for; null: for none.
   * @throws TransferCancelled when the peer gives its task up meanwhile.
   */
  async sendFile(path: string, taskId: string | null, signal: AbortSignal, source = path): Promise<{ bytes: number }> {
    const { root, limits } = this.#options.config;
    const chunkBytes = limits.transferChunkBytes;
    const task = { isCancelled: false };
    if (taskId !== null) this.#sending.set(taskId, task);
    try {
      const { bytes, cancelled } = await sendFile(this.channel, {
        path,
        source: readLazily(join(root, source), chunkBytes),
        chunkBytes,
        pace: this.pace,
        signal,
        isCancelled: () => task.isCancelled,
      });
      if (cancelled || task.isCancelled) throw new TransferCancelled(path, bytes);
      return { bytes };
    } finally {
      if (taskId !== null) this.#sending.delete(taskId);
    }
  }

  /** Tells the peer that its file is not waited for any more, where the dialect has a command for it. */
  async cancelTask(taskId: string | null, exception: string, options: RequestOptions = {}): Promise<void> {
    if (taskId !== null && this.channel.dialect.cancelsTransfers) await this.report(COMMON.cancelTask, taskId, exception, options);
  }

  /** A completed file of the peer becomes this node's, to be discarded by `discard` or with the connection. */
  takeFile(path: string): string | undefined {
    const taken = this.files.take(path);
    if (taken !== undefined) this.#owned.add(taken);
    return taken;
  }

  /** Registers a file that a process is about to make, so that it never outlives the connection. */
  own(path: string): string {
    this.#owned.add(path);
    return path;
  }

  /** Removes files of this connection, and the folders that were unpacked from them. */
  async discard(paths: readonly (string | null)[]): Promise<void> {
    for (const path of paths) {
      if (path === null) continue;
      this.#owned.delete(path);
      const absolute = join(this.#options.config.root, path);
      // Beside the archive: what a job that was killed had begun of it, and the folder that it was unpacked to.
      for (const name of [absolute, `${absolute}.tmp`, `${absolute}.merged`, `${absolute}dir`]) await rm(name, { force: true, recursive: true });
    }
  }

  /** Removes what a job made that nobody waited for. Never rejects: what stays is removed at the node's next start. */
  async drop(paths: readonly string[]): Promise<void> {
    await this.discard(paths).catch(() => undefined);
  }

  /** Ends all transfers and removes what they left. Never rejects. */
  async release(): Promise<void> {
    this.channel.destroy();
    this.strings.discardAll();
    await this.files.discardAll();
    await this.discard([...this.#owned]).catch(() => undefined);
  }

  async #onRequest(request: IncomingRequest): Promise<void> {
    const { counter, command } = request;
    if (this.#options.isGreeted()) {
      if (command === COMMON.cancelTask && this.channel.dialect.cancelsTransfers) {
        const { taskId } = parseTaskAndError(command, request.payload);
        const task = taskId === null ? undefined : this.#sending.get(taskId);
        if (task !== undefined) task.isCancelled = true;
        this.channel.answer(counter, ANSWER.ok, ANSWER_TEXT.requestReceived);
        return;
      }
      const answer = await this.#common.answer(command, request.payload);
      if (answer !== undefined) {
        this.channel.answer(counter, answer.command, answer.payload);
        return;
      }
    }
    if (!this.#options.onCommand(request)) this.channel.answer(counter, "err", unknownCommandText(command));
  }

  /** Answers `err` with an exception (protocol.md 2). */
  refuse(requestId: number, error: unknown): void {
    this.channel.answer(requestId, "err", encodeException(error, this.channel.dialect));
  }

  #counted(sinks: FileSinkFactory): FileSinkFactory {
    return {
      open: async (path) => {
        const sink = await sinks.open(path);
        this.#bytesOfFiles = 0;
        return {
          append: async (bytes) => {
            await sink.append(bytes);
            this.#bytesOfFiles += bytes.length;
            this.#options.onFileBytes(this.#bytesOfFiles);
          },
          finish: () => sink.finish(),
          discard: () => sink.discard(),
        };
      },
    };
  }
}
