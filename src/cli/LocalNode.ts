import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { LocalClient } from "../node/local/LocalClient.js";
import { systemClock } from "../node/ports/systemClock.js";
import { systemRandom } from "../node/ports/systemRandom.js";
import { zip43 } from "../protocol/dialects/zip43.js";
import { MusterError } from "../protocol/errors/MusterError.js";
import { CommandFailure } from "./CommandFailure.js";

/** Seconds for the node to take the question. */
const ACKNOWLEDGEMENT_TIMEOUT = 20;
/** Seconds for the answer, as between nodes (`communication.timeout_dapi_request`). */
const ANSWER_TIMEOUT = 200;

/** Codes that mean: no node answers here, or it has no cluster. */
const UNREACHABLE: ReadonlySet<number> = new Set([3012, 3013, 3020, 3023]);

/** The `--timeout SECONDS` option of commands that ask a node. Its value is in `timeout`. */
export function timeoutOption(): Option {
  return new Option("--timeout <seconds>", "how long to wait for the answer").default(ANSWER_TIMEOUT).argParser((text) => {
    const seconds = Number(text);
    if (!Number.isFinite(seconds) || seconds <= 0 || seconds > 86_400) {
      throw new InvalidArgumentError("It must be a number of seconds above 0 and at most 86400.");
    }
    return seconds;
  });
}

/** The node of a root, asked through its local socket. */
export class LocalNode {
  readonly #root: string;
  readonly #client: LocalClient;

  /** @param timeout seconds for an answer */
  constructor(root: string, timeout: number) {
    this.#root = resolve(root);
    this.#client = new LocalClient({
      root: this.#root,
      // The local socket's frames are the same in all dialects.
      dialect: zip43,
      clock: systemClock,
      random: systemRandom,
      timeoutClusterRequest: Math.min(ACKNOWLEDGEMENT_TIMEOUT, timeout),
      timeoutDapiRequest: timeout,
    });
  }

  /**
   * The text that answers a command.
   *
   * @throws CommandFailure with status 3 when no node serves this root, it has no cluster, or it does not answer in
   *   time; MusterError that the node answered
   */
  async ask(command: string, payload: string): Promise<string> {
    try {
      return await this.#client.ask(command, payload);
    } catch (error) {
      if (error instanceof MusterError && UNREACHABLE.has(error.code)) {
        throw CommandFailure.unreachable(`${error.toString()}${this.#hint(error.code)}`, error);
      }
      throw error;
    }
  }

  /** The same, read as a JSON object. @throws MusterError 1000 for an answer that is none */
  async askJson(command: string, payload: string): Promise<Readonly<Record<string, unknown>>> {
    const text = await this.ask(command, payload);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    } catch {
      // Told below, with what came.
    }
    throw MusterError.internal(1000, `the node answered ${command} with a text that is no JSON object: ${text.slice(0, 200)}`);
  }

  #hint(code: number): string {
    if (code === 3012) return `. Start it with: muster run --root ${this.#root}`;
    if (code === 3020) return ". Ask with a longer --timeout, or see the node's log";
    return "";
  }
}
