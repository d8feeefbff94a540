import { join } from "node:path";
import type { Answer } from "../../machines/process.js";
import type { NodeConfig } from "../config/NodeConfig.js";
import { Channel, type IncomingRequest, type RequestOptions } from "../protocol/Channel.js";
import { FernetCipher, IV_BYTES } from "../protocol/Cipher.js";
import type { MessageNotice } from "../protocol/ChannelOptions.js";
import type { Clock, RandomSource } from "../protocol/Clock.js";
import { CommonCommands, unknownCommandText } from "../protocol/CommonCommands.js";
import { ANSWER, ANSWER_TEXT, COMMON, NO_TASK } from "../protocol/commands.js";
import type { Dialect } from "../protocol/dialects/Dialect.js";
import { encodeException, exceptionFor } from "../protocol/errors/exceptionJson.js";
import type { MusterError } from "../protocol/errors/MusterError.js";
import { parseTaskAndError } from "../protocol/payloads.js";
import { ChunkPace } from "../protocol/transfer/ChunkPace.js";
import type { FernetKey } from "../protocol/fernet.js";
import { IncomingFiles, type FileSinkFactory } from "../protocol/transfer/IncomingFiles.js";
import { IncomingStrings } from "../protocol/transfer/IncomingStrings.js";
import { Lane, STRINGS_AT_ONCE } from "../protocol/transfer/Lane.js";
import { sendFile, type SealedSource } from "../protocol/transfer/sendFile.js";
import type { ClusterKeys } from "./ClusterKeys.js";
import type { Leftovers } from "./Leftovers.js";
import type { NodeTaps, TransferNotice } from "./NodeTaps.js";
import type { NodeLink } from "./ports/Network.js";
import type { NodeDisk } from "./ports/NodeDisk.js";
import { TransferCancelled } from "./TransferCancelled.js";
import { transferFiles } from "./transferFiles.js";
import { isTransferPath } from "./transferPath.js";
import type { TransferFigures } from "./watch/Traffic.js";

export interface ConnectionOptions {
  readonly id: string;
  readonly link: NodeLink;
  readonly config: NodeConfig;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly disk: NodeDisk;
  readonly leftovers: Leftovers;
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
  /** Where watchers of messages and transfers listen. */
  readonly taps: NodeTaps;
}

/** One TCP connection between nodes: its channel, its transfers, and the files that they left. */
export class Connection {
  readonly id: string;
  readonly address: string;
  /** The names in the peer's certificate; undefined on a link without TLS. */
  readonly peerNames: readonly string[] | undefined;
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
  /** The SHA-256 of files that this node packed, by their paths. */
  readonly #hashes = new Map<string, Buffer>();
  /** The SHA-256 of files of the peer that this node took, by their paths. */
  readonly #takenHashes = new Map<string, string>();
  #bytesOfFiles = 0;
  /** What was moved over this connection in files, for metrics. */
  readonly transfers: TransferFigures = { filesIn: 0, filesOut: 0, fileBytesIn: 0, fileBytesOut: 0 };
  #isClosed = false;
  /** The key that the peer sealed its last message with. */
  #peerKey: FernetKey | undefined;
  readonly #closedListeners: (() => void)[] = [];
  /** The peer's tasks that files are being sent for, and whether it has given them up. */
  readonly #sending = new Map<string, { isCancelled: boolean }>();

  constructor(options: ConnectionOptions) {
    const { link, config, dialect, clock, random, disk, keys, taps } = options;
    const { limits, items } = config;
    this.#options = options;
    this.id = options.id;
    this.address = link.remoteAddress;
    this.peerNames = link.peerNames;
    const allow = (path: string): boolean => {
      const owner = options.transferOwner();
      return owner !== undefined && isTransferPath(path, owner);
    };
    const { timeoutClusterRequest, timeoutReceivingFile } = items.intervals.communication;
    const idle = { clock, timeout: timeoutReceivingFile * 1000 };
    this.files = new IncomingFiles({ sinks: this.#counted(transferFiles(disk, config.root)), allow, limits, idle });
    this.pace = new ChunkPace({ clock, mostBytes: limits.transferChunkBytes, requestTimeout: timeoutClusterRequest });
    this.strings = new IncomingStrings({ random, limits });
    this.#common = new CommonCommands({ files: this.files, strings: this.strings });
    const hearMessage = (notice: MessageNotice): void => taps.onMessage?.(options.id, notice);
    this.channel = new Channel({
      link,
      dialect,
      clock,
      random,
      limits,
      cipher: new FernetCipher({
        keys: keys.accepted,
        offload: keys.offload,
        clock,
        random,
        inlineBytes: limits.inlineCryptoBytes,
        onOpened: (key) => {
          if (key === this.#peerKey) return;
          this.#peerKey = key;
          keys.peerChanged();
        },
      }),
      borrowed: { store: keys.memory, leastBytes: limits.inlineCryptoBytes + 1, isBorrowing: (command) => command === COMMON.fileUpdate },
      timeoutClusterRequest,
      watcher: () => (taps.onMessage === undefined ? undefined : hearMessage),
      onRequest: (request) => this.#onRequest(request),
      onClosed: (reason) => {
        this.#isClosed = true;
        options.onClosed(reason);
        for (const hear of this.#closedListeners.splice(0)) hear();
      },
    });
    link.listen(this.channel);
  }

  /** Fingerprint of the key that the peer sealed its last message with; undefined before the first one. */
  get peerKey(): string | undefined {
    return this.#peerKey === undefined ? undefined : this.#options.keys.fingerprint(this.#peerKey);
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
    const { config, disk } = this.#options;
    const { root, limits } = config;
    const chunkBytes = limits.transferChunkBytes;
    let bytes = 0;
    const total = this.#options.taps.onTransfer === undefined ? null : await disk.size(join(root, source)).catch(() => null);
    const tell = (state: TransferNotice["state"]): void => {
      this.#options.taps.onTransfer?.(this.id, { direction: "out", path, bytes, total, state });
    };
    tell("running");
    const task = { isCancelled: false };
    if (taskId !== null) this.#sending.set(taskId, task);
    try {
      const { cancelled } = await sendFile(this.channel, {
        path,
        source: (await this.#sealedSource(path, source)) ?? disk.read(join(root, source), chunkBytes),
        chunkBytes,
        pace: this.pace,
        signal,
        isCancelled: () => task.isCancelled,
        onProgress: (sent) => {
          this.transfers.fileBytesOut += sent - bytes;
          bytes = sent;
          tell("running");
        },
      });
      if (cancelled || task.isCancelled) throw new TransferCancelled(path, bytes);
    } catch (error) {
      tell("failed");
      throw error;
    } finally {
      if (taskId !== null) this.#sending.delete(taskId);
    }
    this.transfers.filesOut += 1;
    tell("done");
    return { bytes };
  }

  /** Tells the peer that its file is not waited for any more, where the dialect has a command for it. */
  async cancelTask(taskId: string | null, exception: string, options: RequestOptions = {}): Promise<void> {
    if (taskId !== null && this.channel.dialect.cancelsTransfers) await this.report(COMMON.cancelTask, taskId, exception, options);
  }

  /** A file that this node packed: its hash is known, and nobody else changes it. */
  async #sealedSource(path: string, source: string): Promise<SealedSource | undefined> {
    const { config, disk, keys, clock, random } = this.#options;
    const sha256 = this.#hashes.get(path);
    if (sha256 === undefined) return undefined;
    const file = join(config.root, source);
    const seal: SealedSource["seal"] = (prefix, position, length) => {
      const seconds = Math.floor(clock.wallTime() / 1000);
      return keys.sealFile({ prefix, file, position, length, seconds, iv: random.bytes(IV_BYTES) });
    };
    return { bytes: await disk.size(file), sha256, seal };
  }

  /** Closes it in good order, and waits until it is closed. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.whenClosed(resolve);
      this.channel.close();
    });
  }

  /** A completed file of the peer becomes this node's, to be discarded by `discard` or with the connection. */
  takeFile(path: string): string | undefined {
    const sha256 = this.files.sha256(path);
    const taken = this.files.take(path);
    if (taken === undefined) return undefined;
    this.#owned.add(taken);
    if (sha256 !== undefined) this.#takenHashes.set(taken, sha256);
    return taken;
  }

  /** The SHA-256 of a file that was taken and not discarded yet, in hexadecimal. */
  takenHash(path: string): string | undefined {
    return this.#takenHashes.get(path);
  }

  /**
   * Does work that makes a file, so that it never outlives the connection. What there is of it is removed when the
   * work fails: nobody knows of it then. Work that is given up calls `onAbandoned` once it has ended.
   */
  async make<Result>(path: string, work: (onAbandoned: () => void) => Promise<Result>): Promise<Result> {
    this.#owned.add(path);
    this.#options.leftovers.forget(path);
    try {
      return await work(() => void this.drop([path]));
    } catch (error) {
      void this.drop([path]);
      throw error;
    }
  }

  /** Tells the hash of a file that this node packed, so that sending it needs none of its own. */
  knowHash(path: string, sha256: Uint8Array): void {
    this.#hashes.set(path, Buffer.from(sha256));
  }

  /** Removes files of this connection, and the folders that were unpacked from them. */
  async discard(paths: readonly (string | null)[]): Promise<void> {
    const given = paths.filter((path) => path !== null);
    for (const path of given) {
      this.#owned.delete(path);
      this.#hashes.delete(path);
      this.#takenHashes.delete(path);
    }
    await this.#options.leftovers.remove(given);
  }

  /** Removes what a job made that nobody waited for. Never rejects: what stays is tried again. */
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
        this.#options.leftovers.forget(path);
        const sink = await sinks.open(path);
        this.#bytesOfFiles = 0;
        let received = 0;
        let state: TransferNotice["state"] = "running";
        const tell = (): void => {
          this.#options.taps.onTransfer?.(this.id, { direction: "in", path, bytes: received, total: null, state });
        };
        tell();
        return {
          append: async (bytes) => {
            await sink.append(bytes);
            this.#bytesOfFiles += bytes.length;
            this.transfers.fileBytesIn += bytes.length;
            received += bytes.length;
            tell();
            this.#options.onFileBytes(this.#bytesOfFiles);
          },
          finish: async () => {
            await sink.finish();
            this.transfers.filesIn += 1;
            state = "done";
            tell();
          },
          discard: async () => {
            // A file that is whole may be discarded later, by whoever took it: its transfer went well.
            if (state === "running") {
              state = "failed";
              tell();
            }
            try {
              await sink.discard();
            } catch (error) {
              await this.drop([path]);
              throw error;
            }
          },
        };
      },
    };
  }
}
