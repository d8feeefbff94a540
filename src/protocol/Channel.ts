import { DEFAULT_QUEUED_BOUND, DEFAULT_RECEIVED_BOUND } from "./ChannelOptions.js";
import type { BorrowedBodies, ChannelOptions, ChannelStatistics, IncomingRequest, RequestOptions } from "./ChannelOptions.js";
import type { TimerHandle } from "./Clock.js";
import type { Dialect } from "./dialects/Dialect.js";
import { ANSWER, isAnswerCommand } from "./commands.js";
import { MusterError } from "./errors/MusterError.js";
import { decodeException, encodeException } from "./errors/exceptionJson.js";
import { HEADER_BYTES } from "./frame.js";
import type { FrameHeader } from "./frame.js";
import { tokenBytes } from "./fernet.js";
import { FrameDecoder } from "./FrameDecoder.js";
import { MessageAssembler } from "./message.js";
import { OutstandingRequests } from "./OutstandingRequests.js";
import { ReadingGate } from "./ReadingGate.js";
import { ReceiveQueue } from "./ReceiveQueue.js";
import type { Message } from "./message.js";
import type { Slab } from "./memory/SlabStore.js";
import type { SealedMessage } from "./ReceiveQueue.js";
import { SendQueue } from "./SendQueue.js";
import type { OutgoingMessage, SealedPayload } from "./SendQueue.js";

export type { ChannelOptions, ChannelStatistics, IncomingRequest, RequestOptions } from "./ChannelOptions.js";

/** What a message in hand costs beside its body; bounds the number of empty ones, too. */
const MESSAGE_OVERHEAD_BYTES = 256;

/**
 * A conversation of requests and answers with one peer over one link (protocol.md 1 and 2). Knows
 * counters, outstanding requests, divided messages, encryption and congestion, and no
 * synchronisation. The link's owner calls `receive`, `drained` and `linkClosed`.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #decoder: FrameDecoder;
  readonly #assembler: MessageAssembler;
  readonly #outstanding: OutstandingRequests;
  readonly #sending: SendQueue;
  readonly #receiving: ReceiveQueue;
  readonly #gate: ReadingGate;
  /** Requests whose handler is running, by the peer's counter. */
  readonly #handling = new Map<number, { answered: boolean }>();
  #closeTimer: { readonly handle: TimerHandle } | undefined;
  /** The link has been told to end: no message can follow. */
  #ended = false;
  #state: "open" | "closing" | "closed" = "open";
  #linkEnd: { readonly reason: MusterError | null; readonly what: string } | undefined;
  #framesIn = 0;
  #bytesIn = 0;
  #lateAnswers = 0;
  #unexpectedAnswers = 0;

  constructor(options: ChannelOptions) {
    const { link, cipher, dialect, clock, random, limits, timeoutClusterRequest } = options;
    this.#options = options;
    this.#decoder = new FrameDecoder({ maxBodyBytes: limits.frameBytesBeforeHello, borrow: borrowing(options.borrowed) });
    this.#assembler = new MessageAssembler({ ...limits, messageBytes: limits.frameBytesBeforeHello });
    this.#outstanding = new OutstandingRequests(clock, random);
    this.#sending = new SendQueue({
      link,
      cipher,
      dialect,
      bound: options.queuedBound ?? DEFAULT_QUEUED_BOUND,
      onEmpty: () => this.#endWhenFlushed(),
    });
    this.#receiving = new ReceiveQueue({
      cipher,
      onOpened: (message, payload) => this.#dispatch(message, payload),
      onFailed: (error) => this.destroy(MusterError.from(error)),
      onEmpty: () => this.#finishAfterLinkEnd(),
    });
    this.#gate = new ReadingGate({
      link,
      clock,
      bound: options.receivedBound ?? DEFAULT_RECEIVED_BOUND,
      stallSeconds: timeoutClusterRequest,
      onStalled: (bytes) =>
        this.destroy(this.#lost(`the peer did not read ${bytes} bytes of answers for ${timeoutClusterRequest} s`)),
    });
  }

  /** The peer's address, for logs. */
  get remoteAddress(): string {
    return this.#options.link.remoteAddress;
  }

  /** What is spoken here. */
  get dialect(): Dialect {
    return this.#sending.dialect;
  }

  /** Speaks the peer's dialect from now on: a master learns it from the hello. */
  speak(dialect: Dialect): void {
    this.#sending.dialect = dialect;
  }

  get isOpen(): boolean {
    return this.#state === "open" && this.#linkEnd === undefined;
  }

  /** The largest payload whose encrypted message is one frame: larger ones are divided. */
  get largestUndividedPayload(): number {
    const { requestChunk, divides } = this.#sending.dialect;
    if (divides === "payload") return requestChunk;
    let bytes = Math.floor((requestChunk * 3) / 4);
    while (bytes > 0 && HEADER_BYTES + tokenBytes(bytes) > requestChunk) bytes -= 1;
    return bytes;
  }

  get statistics(): ChannelStatistics {
    return {
      framesIn: this.#framesIn,
      bytesIn: this.#bytesIn,
      framesOut: this.#sending.framesOut,
      bytesOut: this.#sending.bytesOut,
      lateAnswers: this.#lateAnswers,
      unexpectedAnswers: this.#unexpectedAnswers,
      outstanding: this.#outstanding.size,
      queuedBytes: this.#sending.bytes,
      heldBytes: this.#gate.bytes,
    };
  }

  /**
   * Raises the limits from `frameBytesBeforeHello`, for a frame and for a joined message alike, to `frameBytes`
   * and `messageBytes`. A server does so when it accepts a hello; a client before it sends one, because the
   * master's next frame can be large.
   */
  setGreeted(): void {
    const { frameBytes, messageBytes } = this.#options.limits;
    this.#decoder.maxBodyBytes = frameBytes;
    this.#assembler.messageBytes = messageBytes;
  }

  /**
   * Bytes from the peer, cut anywhere. What can't be decoded ends the connection (3025, 3050, 3051).
   *
   * @param isReused the bytes are valid during the call only; otherwise they must not be changed afterwards.
   */
  receive(chunk: Uint8Array, isReused = false): void {
    if (!this.isOpen) return;
    this.#bytesIn += chunk.length;
    const messages: Message[] = [];
    let failure: unknown;
    try {
      for (const frame of this.#decoder.push(chunk, isReused)) {
        this.#framesIn += 1;
        const message = this.#assembler.accept(frame);
        if (message) messages.push(message);
      }
    } catch (error) {
      failure = error;
    }
    for (const message of messages) {
      const heldBytes = message.body.length + MESSAGE_OVERHEAD_BYTES;
      this.#gate.holdReceived(heldBytes);
      this.#receiving.push({ ...message, heldBytes });
    }
    if (failure !== undefined) this.destroy(MusterError.from(failure));
  }

  /** The link has room again after a `write` that returned false. */
  drained(): void {
    this.#gate.progress();
    this.#sending.drained();
  }

  /**
   * The link is closed, by either side; `error` when it broke. Messages that arrived before are
   * handed on first. Outstanding requests are rejected.
   */
  linkClosed(error?: Error): void {
    if (this.#state === "closed" || this.#linkEnd !== undefined) return;
    const what = error === undefined ? "the connection was closed" : `the connection broke: ${error.message}`;
    const isOrderly = error === undefined || this.#state === "closing";
    this.#linkEnd = { reason: isOrderly ? null : this.#lost(what, error), what };
    this.#sending.close(this.#lost(what, error));
    this.#finishAfterLinkEnd();
  }

  /**
   * Sends a request and waits for its answer: the payload of `ok`, `ok-m` or `ok-c`. Rejects with
   * the peer's error when it answers `err`, with 3020 (the command as extra message) when no
   * answer came in time, with 3018 when the connection is lost, with 3024 for a command that no
   * frame can carry, and with the signal's reason. The payload belongs to the channel from then on.
   */
  request(command: string, payload: Uint8Array | string | SealedPayload, options: RequestOptions = {}): Promise<Buffer> {
    const { timeout = this.#options.timeoutClusterRequest, signal } = options;
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    if (!this.isOpen) return Promise.reject(this.#lost(`${command} was not sent: the connection is closed`));
    const content = typeof payload === "object" && "seal" in payload ? payload : asBytes(payload);
    const bytes = content instanceof Uint8Array ? content.length : content.bytes;
    const refusal = this.#refusal(command, bytes);
    if (refusal !== undefined) return Promise.reject(refusal);

    const giveUp = (reason: unknown): void => {
      // What was never sent gets no late answer.
      if (this.#sending.withdraw(message)) this.#outstanding.reject(counter, reason);
      else this.#outstanding.giveUp(counter, reason);
    };
    const { counter, answer } = this.#outstanding.open(command, timeout, () =>
      giveUp(MusterError.cluster(3020, command)),
    );
    const message: OutgoingMessage = {
      counter,
      command,
      onRefused: (error) => this.#outstanding.reject(counter, MusterError.from(error)),
    };
    if (signal !== undefined) {
      const onAbort = (): void => giveUp(abortReason(signal));
      signal.addEventListener("abort", onAbort, { once: true });
      const forget = (): void => signal.removeEventListener("abort", onAbort);
      answer.then(forget, forget);
    }
    this.#options.watcher?.()?.({ direction: "out", kind: "request", counter, command, bytes });
    this.#sending.enqueue(message, content);
    return answer;
  }

  /** Answers a request of the peer. Dropped when the connection is closed by then. */
  answer(counter: number, command: string, payload: Uint8Array | string): void {
    const handling = this.#handling.get(counter);
    if (handling !== undefined) handling.answered = true;
    const bytes = asBytes(payload);
    const refusal = this.#refusal(command, bytes.length);
    if (refusal !== undefined) this.#answerFailure(counter, refusal);
    else this.#sendAnswer(counter, command, bytes, (error) => this.#answerFailure(counter, error));
  }

  /**
   * Resolves when the link takes bytes and less than `queuedBound` waits to be sent. Rejects when
   * the connection is lost, and with 3020 when there was no room for `timeoutClusterRequest`
   * seconds. Senders of many bytes wait for it before each message.
   */
  writable(): Promise<void> {
    if (this.#sending.hasRoom) return Promise.resolve();
    const { clock, timeoutClusterRequest } = this.#options;
    const room = this.#sending.room();
    return new Promise((resolve, reject) => {
      const error = MusterError.cluster(
        3020,
        `the link to ${this.remoteAddress} took no bytes for ${timeoutClusterRequest} s`,
      );
      const timer = clock.setTimeout(() => reject(error), timeoutClusterRequest * 1000);
      room.then(resolve, reject);
      const stop = (): void => clock.clearTimeout(timer);
      room.then(stop, stop);
    });
  }

  /**
   * Sends the queued answers, then closes. Outstanding requests are rejected, later ones too. A
   * peer that does not take the rest within `timeoutClusterRequest` seconds is cut off.
   */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    const { clock, timeoutClusterRequest } = this.#options;
    const handle = clock.setTimeout(
      () => this.destroy(this.#lost(`the peer did not take the last bytes within ${timeoutClusterRequest} s`)),
      timeoutClusterRequest * 1000,
    );
    this.#closeTimer = { handle };
    this.#receiving.stop();
    this.#gate.stop();
    this.#rejectOutstanding("this node closed the connection");
    this.#endWhenFlushed();
  }

  /** Closes at once and loses what is queued; `onClosed` is called with `error`. */
  destroy(error: MusterError | null = null): void {
    if (this.#state === "closed") return;
    this.#options.link.destroy();
    this.#finish(error, error?.message ?? "this node closed the connection");
  }

  #dispatch(message: SealedMessage, payload: Buffer): void {
    const { counter, command, heldBytes: bytes, slab } = message;
    const kind = isAnswerCommand(command) ? "answer" : "request";
    this.#options.watcher?.()?.({ direction: "in", kind, counter, command, bytes: payload.length });
    if (isAnswerCommand(command)) {
      if (this.#settle(counter, command, payload)) return this.#gate.releaseReceived(bytes);
      if (this.#options.acceptAnswerCommandsAsRequests !== true) {
        this.#unexpectedAnswers += 1;
        return this.#gate.releaseReceived(bytes);
      }
    }
    this.#handle({ counter, command, payload }, bytes, slab);
  }

  /** Gives an answer to its asker; true also for a late one, which is dropped. */
  #settle(counter: number, command: string, payload: Buffer): boolean {
    if (this.#outstanding.has(counter)) {
      if (command === ANSWER.err) this.#outstanding.reject(counter, decodeException(payload.toString("utf8")));
      else this.#outstanding.resolve(counter, payload);
      return true;
    }
    if (!this.#outstanding.takeLate(counter)) return false;
    this.#lateAnswers += 1;
    return true;
  }

  #handle(request: IncomingRequest, bytes: number, slab: Slab | undefined): void {
    const { counter } = request;
    const handling = { answered: false };
    this.#handling.set(counter, handling);
    const finish = (): void => {
      if (this.#handling.get(counter) === handling) this.#handling.delete(counter);
      slab?.release();
      this.#gate.releaseReceived(bytes);
    };
    const fail = (error: unknown): void => {
      if (!handling.answered) this.#answerFailure(counter, error);
      finish();
    };
    try {
      const handled = this.#options.onRequest(request);
      if (handled === undefined) finish();
      else handled.then(finish, fail);
    } catch (error) {
      fail(error);
    }
  }

  #answerFailure(counter: number, error: unknown): void {
    this.#sendAnswer(counter, ANSWER.err, Buffer.from(encodeException(error, this.#sending.dialect)), (failure) =>
      this.destroy(MusterError.from(failure)),
    );
  }

  #sendAnswer(counter: number, command: string, payload: Buffer, onRefused: (error: unknown) => void): void {
    if (this.#ended || this.#state === "closed") return;
    const told = command.trimEnd();
    this.#options.watcher?.()?.({ direction: "out", kind: "answer", counter, command: told, bytes: payload.length });
    const bytes = payload.length + MESSAGE_OVERHEAD_BYTES;
    this.#gate.holdAnswer(bytes);
    this.#sending.enqueue({ counter, command, onRefused, onLeft: () => this.#gate.releaseAnswer(bytes) }, payload);
  }

  /** Why a message can't be sent, before anything is queued. */
  #refusal(command: string, payloadBytes: number): MusterError | undefined {
    const { limits } = this.#options;
    if (command.length > this.#sending.dialect.longestCommand) return MusterError.cluster(3024, command);
    if (tokenBytes(payloadBytes) <= limits.messageBytes) return undefined;
    return MusterError.cluster(
      3050,
      `${command} has ${payloadBytes} bytes, more than a message of messageBytes = ${limits.messageBytes} can carry`,
    );
  }

  #rejectOutstanding(what: string, cause?: unknown): void {
    this.#outstanding.rejectAll((command) => this.#lost(`${command} was not answered: ${what}`, cause));
  }

  #lost(what: string, cause?: unknown): MusterError {
    return MusterError.cluster(3018, `${what} (peer ${this.remoteAddress})`, { cause });
  }

  #endWhenFlushed(): void {
    if (this.#state !== "closing" || this.#ended || !this.#sending.isEmpty) return;
    this.#ended = true;
    this.#options.link.end();
  }

  #finishAfterLinkEnd(): void {
    if (this.#linkEnd !== undefined && this.#receiving.isEmpty) this.#finish(this.#linkEnd.reason, this.#linkEnd.what);
  }

  #finish(reason: MusterError | null, what: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (this.#closeTimer !== undefined) this.#options.clock.clearTimeout(this.#closeTimer.handle);
    this.#receiving.stop();
    this.#decoder.clear();
    this.#gate.stop();
    this.#rejectOutstanding(what, reason ?? undefined);
    this.#sending.close(reason ?? this.#lost(what));
    this.#options.onClosed(reason);
  }
}

/** Which bodies are gathered in borrowed memory: large ones of whole requests whose handlers are done with them soon. */
function borrowing(borrowed: BorrowedBodies | undefined): ((header: FrameHeader) => Slab | undefined) | undefined {
  if (borrowed === undefined) return undefined;
  const { store, leastBytes, isBorrowing } = borrowed;
  return ({ command, divided, bodyBytes }) => {
    if (divided || bodyBytes < leastBytes || bodyBytes > store.slabBytes || !isBorrowing(command)) return undefined;
    return store.take();
  };
}

function asBytes(payload: Uint8Array | string): Buffer {
  if (typeof payload === "string") return Buffer.from(payload);
  return Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
