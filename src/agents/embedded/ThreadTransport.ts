import type { Clock, RandomSource } from "../../protocol/Clock.js";
import type { AgentStoreDescription, ImportSummary } from "../AgentStore.js";
import { AgentStoreError } from "../AgentStoreError.js";
import type { AgentStoreSettings } from "../AgentStoreSettings.js";
import type { AgentStoreTransport } from "../AgentStoreTransport.js";
import type { AgentLists } from "../AgentLists.js";
import type { NewAgent } from "../NewAgent.js";
import { retryDelay } from "../retryDelay.js";
import { RequestQueue } from "../RequestQueue.js";
import type { StoreThread } from "./StoreThread.js";

export interface ThreadTransportOptions {
  /** Starts a thread; it may throw. */
  readonly start: () => StoreThread;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly settings: AgentStoreSettings;
  /** The database file, for people. */
  readonly location: string;
}

type Work = (thread: StoreThread) => Promise<unknown>;

/**
 * The way to the embedded store: one command at a time on its thread. A thread that dies, or does not answer in
 * time, fails the command that it had; the next command starts another one, after a delay that grows with every
 * start in a row that came to nothing, until `restartLimit` is reached. What the store holds is in its file.
 */
export class ThreadTransport implements AgentStoreTransport {
  readonly #options: ThreadTransportOptions;
  readonly #queue: RequestQueue<Work>;
  readonly #closing = new AbortController();
  #thread: StoreThread | null = null;
  #busy = false;
  /** Fails the command that is with the thread now. */
  #abandonWork: ((error: Error) => void) | null = null;
  #starts = 0;
  #failures = 0;
  #retryAt = 0;
  #state: AgentStoreDescription["state"] = "idle";
  #lastError: string | null = null;

  constructor(options: ThreadTransportOptions) {
    this.#options = options;
    this.#queue = new RequestQueue(options.settings.waitingRequests);
  }

  /** @throws AgentStoreError 2005 when the database can't be opened or the thread was given up, 2007 when it died. */
  request(command: string, signal: AbortSignal): Promise<string> {
    return this.#call((thread) => thread.run(command), signal, 2005);
  }

  /** Creates or updates agents, all or none. @throws AgentStoreError 2003 with SQLite's reason; as `request`. */
  importAgents(agents: readonly NewAgent[], signal: AbortSignal): Promise<ImportSummary> {
    return this.#call((thread) => thread.importAgents(agents), signal, 2003);
  }

  /** What waits to be sent, as three lists. @throws AgentStoreError 2003 with SQLite's reason; as `request`. */
  agentLists(signal: AbortSignal): Promise<AgentLists> {
    return this.#call((thread) => thread.agentLists(), signal, 2003);
  }

  /** Writes the three lists of a worker, all or nothing. @throws AgentStoreError 2003 with the reason; as `request`. */
  storeAgentLists(text: string, signal: AbortSignal): Promise<void> {
    return this.#call((thread) => thread.storeAgentLists(text), signal, 2003);
  }

  describe(): AgentStoreDescription {
    return {
      adapter: "embedded",
      state: this.#state,
      location: this.#options.location,
      lastError: this.#lastError,
      inFlight: this.#busy ? 1 : 0,
      waiting: this.#queue.size,
      restarts: Math.max(0, this.#starts - 1),
    };
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#queue.rejectAll(() => closedError());
    this.#closing.abort(closedError());
    this.#abandonWork?.(closedError());
    const thread = this.#thread;
    this.#thread = null;
    if (thread === null) return;
    // A busy or stuck thread must not hold up the node's end: SQLite's file is consistent at any instant.
    await this.#closeFile(thread);
    await thread.stop();
  }

  #call<T>(work: (thread: StoreThread) => Promise<T>, signal: AbortSignal, codeOfRefusal: 2003 | 2005): Promise<T> {
    if (this.#state === "closed") return Promise.reject(closedError());
    const performed = async (thread: StoreThread): Promise<T> => {
      try {
        return await work(thread);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        const text = codeOfRefusal === 2005 ? `${this.#options.location} can't be opened: ${reason}` : reason;
        throw new AgentStoreError(codeOfRefusal, text, { cause });
      }
    };
    const result = this.#queue.add(performed, signal) as Promise<T>;
    void this.#pump();
    return result;
  }

  /** Works off the queue. Never rejects: every error belongs to one of its entries. */
  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let entry = this.#queue.next(); entry !== null; entry = this.#queue.next()) {
      try {
        const thread = await this.#obtainThread();
        const value = await this.#inTime(entry.request(thread), thread);
        this.#failures = 0;
        this.#setState("connected");
        entry.resolve(value);
      } catch (error) {
        this.#setState(this.#state === "failed" ? "failed" : "degraded", error);
        entry.reject(error);
      }
    }
    this.#busy = false;
  }

  async #obtainThread(): Promise<StoreThread> {
    if (this.#thread !== null) return this.#thread;
    const { clock, settings, start } = this.#options;
    if (this.#failures >= settings.restartLimit) {
      this.#setState("failed");
      const last = this.#lastError === null ? "" : ` (${this.#lastError})`;
      throw new AgentStoreError(
        2005,
        `its thread failed ${this.#failures} times in a row and is not started again${last}; start the node anew`,
      );
    }
    await this.#sleep(this.#retryAt - clock.now());
    try {
      this.#starts += 1;
      const thread = start();
      this.#thread = thread;
      thread.death.catch((error: unknown) => this.#threadLost(thread, error));
      return thread;
    } catch (cause) {
      this.#countFailure(cause);
      throw new AgentStoreError(2005, `its thread can't be started: ${String(cause)}`, { cause });
    }
  }

  /** The work's outcome, unless the thread is lost or the time is over first. */
  #inTime<T>(work: Promise<T>, thread: StoreThread): Promise<T> {
    const { clock, settings } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        // It may be stuck inside SQLite for ever, where nothing can stop it: left to itself, and not waited for.
        this.#threadLost(thread, new Error(`no answer from the store's thread in ${settings.requestTimeout} ms`));
        thread.stop().catch(() => undefined);
      }, settings.requestTimeout);
      const abandon = (error: Error): void => {
        settle();
        reject(error);
      };
      const settle = (): void => {
        clock.clearTimeout(timer);
        // A stuck thread may come back with its answer while another one is at work.
        if (this.#abandonWork === abandon) this.#abandonWork = null;
      };
      this.#abandonWork = abandon;
      work.finally(settle).then(resolve, reject);
    });
  }

  async #closeFile(thread: StoreThread): Promise<void> {
    const { clock, settings } = this.#options;
    let timer: unknown;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimeout(() => resolve(), settings.requestTimeout);
    });
    await Promise.race([thread.close(), thread.death, late]).catch(() => undefined);
    clock.clearTimeout(timer);
  }

  #threadLost(thread: StoreThread, error: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    this.#countFailure(error);
    this.#setState("degraded", error);
    const reason = error instanceof Error ? error.message : String(error);
    this.#abandonWork?.(
      new AgentStoreError(2007, `${reason}; the next request starts another thread`, { cause: error }),
    );
  }

  #countFailure(error: unknown): void {
    const { clock, settings, random } = this.#options;
    this.#failures += 1;
    this.#retryAt =
      clock.now() + retryDelay(this.#failures, settings.firstRetryDelay, settings.longestRetryDelay, random);
    this.#lastError = errorText(error);
  }

  #setState(state: AgentStoreDescription["state"], error?: unknown): void {
    if (this.#state !== "closed") this.#state = state;
    if (error !== undefined && this.#state !== "failed") this.#lastError = errorText(error);
  }

  async #sleep(milliseconds: number): Promise<void> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    if (milliseconds <= 0) return;
    const { clock } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        clock.clearTimeout(timer);
        reject(signal.reason as Error);
      };
      const timer = clock.setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, milliseconds);
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}

/** An error's text with its code where it has one. */
function errorText(error: unknown): string {
  return error instanceof Error ? error.toString() : "an error without text";
}

function closedError(): AgentStoreError {
  return new AgentStoreError(2005, "the agent store was closed");
}
