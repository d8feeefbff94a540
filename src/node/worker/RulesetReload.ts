import type { DaemonSockets } from "../../dapi/CatalogueFunction.js";
import type { Clock } from "../../protocol/Clock.js";
import type { Logger } from "../../telemetry/Logger.js";

const ANALYSISD_SOCKET = "queue/sockets/analysis";
const RELOAD = JSON.stringify({ version: 1, origin: { module: "cluster" }, command: "reload-ruleset", parameters: {} });

/** Milliseconds for analysisd's answer. */
const RULESET_RELOAD_DEADLINE = 10_000;

/** What the system says of a socket behind which nobody is: such a node has no analysisd to tell. */
const NOBODY: ReadonlySet<unknown> = new Set(["ENOENT", "ECONNREFUSED"]);

export interface RulesetReloadOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly daemons: DaemonSockets;
}

/**
 * Has analysisd load rules, decoders and lists anew: after a round that changed them, or, where a local client asked
 * for it, after the next round (dialects.md 2, row 16).
 */
export class RulesetReload {
  readonly #options: RulesetReloadOptions;
  #isWanted = false;
  #isRunning = false;

  constructor(options: RulesetReloadOptions) {
    this.#options = options;
  }

  /** The round that ends next is followed by a reload. */
  want(): void {
    this.#isWanted = true;
  }

  /** A round has ended. Never rejects: the log tells what went wrong. */
  async roundEnded(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#isWanted) {
        this.#isWanted = false;
        await this.#reload();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #reload(): Promise<void> {
    const { clock, daemons } = this.#options;
    const logger = this.#options.logger.child({ subtag: "Integrity sync" });
    const deadline = new AbortController();
    const timer = clock.setTimeout(() => {
      deadline.abort(new Error(`no answer within ${String(RULESET_RELOAD_DEADLINE / 1000)} s`));
    }, RULESET_RELOAD_DEADLINE);
    try {
      const answer = await daemons.exchange(ANALYSISD_SOCKET, RELOAD, { signal: deadline.signal });
      const { error, message } = JSON.parse(answer) as { error?: unknown; message?: unknown };
      if (error === 0) logger.info("The rules were loaded anew.");
      else logger.error(`analysisd did not load the rules anew: ${typeof message === "string" ? message : answer}`);
    } catch (error) {
      if (NOBODY.has((error as { code?: unknown }).code)) logger.debug("The rules were not loaded anew: there is no analysisd here.");
      else logger.error(`analysisd did not load the rules anew (${ANALYSISD_SOCKET}): ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      clock.clearTimeout(timer);
    }
  }
}
