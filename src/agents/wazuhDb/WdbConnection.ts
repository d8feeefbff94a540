import { AgentStoreError } from "../AgentStoreError.js";
import { encodeWdbFrame, WDB_MAX_TEXT_BYTES } from "./encodeWdbFrame.js";
import { WdbFrameDecoder, WdbFrameTooLarge } from "./WdbFrameDecoder.js";
import type { WdbLink, WdbLinkEvents } from "./WdbLink.js";

interface Asked {
  resolve(answer: string): void;
  reject(error: AgentStoreError): void;
}

/**
 * One connection to wazuh-db: a request, its answer, the next request (dapi.md 6.1). Answers carry no number, so a
 * connection whose answer did not come in time is closed.
 */
export class WdbConnection implements WdbLinkEvents {
  readonly #decoder = new WdbFrameDecoder(WDB_MAX_TEXT_BYTES - 1);
  readonly #onClosed: () => void;
  #link: WdbLink | null = null;
  #asked: Asked | null = null;
  #isClosed = false;
  #answers = 0;
  #wasStale = false;

  /** @param onClosed Called once, when the connection is of no use any more. */
  constructor(onClosed: () => void) {
    this.#onClosed = onClosed;
  }

  /** Joins the connection with its open link. */
  attach(link: WdbLink): void {
    if (this.#isClosed) link.destroy();
    else this.#link = link;
  }

  /** True when an old connection was ended by the other side before anything of a new answer came. */
  get wasStale(): boolean {
    return this.#wasStale;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Sends one command and waits for its answer; only one at a time.
   * @throws AgentStoreError 2009 when the answer was cut off at wazuh-db's buffer, 2007 when the connection ends.
   */
  request(command: string): Promise<string> {
    if (this.#asked !== null) throw new Error("A wazuh-db connection takes one request at a time.");
    if (this.#isClosed || this.#link === null) {
      return Promise.reject(new AgentStoreError(2007, "the connection to wazuh-db is closed"));
    }
    const link = this.#link;
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      link.write(encodeWdbFrame(command));
    });
  }

  received(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    let answers: string[];
    try {
      answers = this.#decoder.write(bytes);
    } catch (cause) {
      const length = cause instanceof WdbFrameTooLarge ? cause.length : 0;
      this.#end(new AgentStoreError(2009, `an answer of ${length} bytes`, { cause }));
      return;
    }
    for (const answer of answers) {
      const asked = this.#asked;
      if (asked === null) {
        this.#end(new AgentStoreError(2007, "wazuh-db sent an answer to no request"));
        return;
      }
      this.#asked = null;
      this.#answers += 1;
      asked.resolve(answer);
    }
  }

  closed(reason?: Error): void {
    if (!this.#isClosed) this.#wasStale = this.#answers > 0 && this.#decoder.isBetweenTexts;
    const why =
      reason === undefined ? "wazuh-db closed the connection" : `the connection to wazuh-db broke: ${reason.message}`;
    this.#end(new AgentStoreError(2007, `${why} before it answered`, { cause: reason }));
  }

  /** Closes the connection; a waiting request fails with `error`. */
  destroy(error: AgentStoreError): void {
    this.#end(error);
  }

  #end(error: AgentStoreError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#link?.destroy();
    const asked = this.#asked;
    this.#asked = null;
    this.#onClosed();
    asked?.reject(error);
  }
}
