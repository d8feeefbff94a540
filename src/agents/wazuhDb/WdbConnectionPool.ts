import type { Clock, RandomSource, TimerHandle } from "../../protocol/Clock.js";
import type { AgentStoreDescription } from "../AgentStore.js";
import { AgentStoreError } from "../AgentStoreError.js";
import type { AgentStoreSettings } from "../AgentStoreSettings.js";
import type { AgentStoreTransport } from "../AgentStoreTransport.js";
import { RequestQueue, type TakenRequest } from "../RequestQueue.js";
import { retryDelay } from "../retryDelay.js";
import { WdbConnection } from "./WdbConnection.js";
import type { OpenWdbLink } from "./WdbLink.js";

export interface WdbConnectionPoolOptions {
  readonly open: OpenWdbLink;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly settings: AgentStoreSettings;
  /** The socket's path, for people. */
  readonly location: string;
}

/**
 * A few connections to wazuh-db, opened when needed and used again, the last used first. A request waits until
 * one is free. One whose connection turns out to have ended while it was idle (wazuh-db was started anew) is sent
 * again on another connection: all requests of an agent store can be repeated. When no connection can be had, the
 * requests that wait fail with 2005, and the next attempt is made after a delay that grows.
 */
export class WdbConnectionPool implements AgentStoreTransport {
  readonly #options: WdbConnectionPoolOptions;
  readonly #queue: RequestQueue<string>;
  readonly #idle: WdbConnection[] = [];
  readonly #open = new Set<WdbConnection>();
  readonly #closing = new AbortController();
  #opening = 0;
  #opened = 0;
  #failures = 0;
  #retryAt = 0;
  #retryTimer: TimerHandle = null;
  #state: AgentStoreDescription["state"] = "idle";
  #lastError: string | null = null;

  constructor(options: WdbConnectionPoolOptions) {
    this.#options = options;
    this.#queue = new RequestQueue(options.settings.waitingRequests);
  }

  /** @throws AgentStoreError 2005 without a connection, 2007 without an answer, 2009 with one that was cut off. */
  async request(command: string, signal: AbortSignal): Promise<string> {
    if (this.#state === "closed") throw closedError();
    const answer = this.#queue.add(command, signal) as Promise<string>;
    this.#pump();
    return await answer;
  }

  describe(): AgentStoreDescription {
    return {
      adapter: "wazuhDb",
      state: this.#state,
      location: this.#options.location,
      lastError: this.#lastError,
      inFlight: this.#open.size - this.#idle.length,
      waiting: this.#queue.size,
      restarts: Math.max(0, this.#opened - 1),
    };
  }

  close(): Promise<void> {
    if (this.#state !== "closed") {
      this.#state = "closed";
      this.#closing.abort(closedError());
      if (this.#retryTimer !== null) this.#options.clock.clearTimeout(this.#retryTimer);
      this.#queue.rejectAll(closedError);
      for (const connection of [...this.#open]) connection.destroy(closedError());
    }
    return Promise.resolve();
  }

  /** Gives waiting requests to free connections, and opens as many as are wanted and allowed. */
  #pump(): void {
    while (this.#queue.size > 0) {
      const connection = this.#idle.pop();
      if (connection === undefined) break;
      const taken = this.#queue.next();
      if (taken !== null) void this.#perform(connection, taken);
    }
    const { clock, settings } = this.#options;
    while (this.#opening < this.#queue.size && this.#open.size + this.#opening < settings.connections) {
      const wait = this.#retryAt - clock.now();
      if (wait > 0) {
        this.#retryTimer ??= clock.setTimeout(() => {
          this.#retryTimer = null;
          this.#pump();
        }, wait);
        return;
      }
      // After a failure one attempt is enough to learn whether wazuh-db is back.
      if (this.#failures > 0 && this.#opening > 0) return;
      void this.#openConnection();
    }
  }

  async #openConnection(): Promise<void> {
    const { clock, settings, open } = this.#options;
    this.#opening += 1;
    const controller = new AbortController();
    const stop = (): void => controller.abort(this.#closing.signal.reason);
    this.#closing.signal.addEventListener("abort", stop, { once: true });
    const timer = clock.setTimeout(
      () => controller.abort(new Error(`no connection in ${settings.connectTimeout} ms`)),
      settings.connectTimeout,
    );
    const connection = new WdbConnection(() => this.#forget(connection));
    try {
      connection.attach(await open(connection, controller.signal));
      this.#opening -= 1;
      this.#opened += 1;
      this.#failures = 0;
      if (this.#state === "closed") connection.destroy(closedError());
      if (!connection.isClosed) {
        this.#state = "connected";
        this.#open.add(connection);
        this.#idle.push(connection);
      }
    } catch (cause) {
      this.#opening -= 1;
      this.#connectFailed(cause);
    } finally {
      clock.clearTimeout(timer);
      this.#closing.signal.removeEventListener("abort", stop);
    }
    this.#pump();
  }

  #connectFailed(cause: unknown): void {
    if (this.#state === "closed") return;
    const { clock, settings, random, location } = this.#options;
    this.#failures += 1;
    this.#retryAt =
      clock.now() + retryDelay(this.#failures, settings.firstRetryDelay, settings.longestReconnectDelay, random);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = (): AgentStoreError =>
      new AgentStoreError(2005, `${location}: ${reason}; is wazuh-db running?`, { cause });
    this.#state = "degraded";
    this.#lastError = String(error());
    // Those that wait may still be served by a connection that is open.
    if (this.#open.size === 0) this.#queue.rejectAll(error);
  }

  async #perform(connection: WdbConnection, taken: TakenRequest<string>): Promise<void> {
    const { clock, settings } = this.#options;
    const timer = clock.setTimeout(() => {
      connection.destroy(new AgentStoreError(2007, `wazuh-db gave no answer in ${settings.requestTimeout} ms`));
    }, settings.requestTimeout);
    try {
      const answer = await connection.request(taken.request);
      if (this.#state !== "closed") this.#state = "connected";
      taken.resolve(answer);
      if (!connection.isClosed) this.#idle.push(connection);
    } catch (error) {
      if (connection.wasStale && this.#state !== "closed") {
        this.#queue.putBack(taken);
        return;
      }
      const isTooLarge = error instanceof AgentStoreError && error.code === 2009;
      if (!isTooLarge && this.#state !== "closed") {
        this.#state = "degraded";
        this.#lastError = String(error);
      }
      taken.reject(error);
    } finally {
      clock.clearTimeout(timer);
      this.#pump();
    }
  }

  #forget(connection: WdbConnection): void {
    this.#open.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}

function closedError(): AgentStoreError {
  return new AgentStoreError(2005, "the agent store was closed");
}
