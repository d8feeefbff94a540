import { encodeWdbFrame, WDB_MAX_TEXT_BYTES } from "./encodeWdbFrame.js";
import { WdbFrameDecoder } from "./WdbFrameDecoder.js";
import type { WdbLink, WdbLinkEvents } from "./WdbLink.js";

/** Requests of one client that may wait before its socket is read no further. */
const WAITING_REQUESTS = 16;

/**
 * One client of `queue/db/wdb` served by the embedded store (dapi.md 6.1): its requests one after another, an
 * answer for each. A client that sends too long a text is cut off; one that does not read its answers is not read
 * from either.
 */
export class WdbServerSession implements WdbLinkEvents {
  readonly #decoder = new WdbFrameDecoder(WDB_MAX_TEXT_BYTES);
  readonly #link: WdbLink;
  readonly #run: (command: string, signal: AbortSignal) => Promise<string>;
  readonly #closing = new AbortController();
  readonly #waiting: string[] = [];
  #isWorking = false;
  #isRunning = false;
  #isCongested = false;
  #isPaused = false;

  /** @param run Gives a command's answer; a rejection is answered as an error of the database. */
  constructor(link: WdbLink, run: (command: string, signal: AbortSignal) => Promise<string>) {
    this.#link = link;
    this.#run = run;
  }

  /** True while the database works on a request of this client: its silence is no fault of its own then. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  received(bytes: Uint8Array): void {
    if (this.#closing.signal.aborted) return;
    try {
      this.#waiting.push(...this.#decoder.write(bytes));
    } catch {
      this.#link.destroy();
      this.closed();
      return;
    }
    this.#regulate();
    void this.#work();
  }

  /** The link has room again. */
  drained(): void {
    this.#isCongested = false;
    void this.#work();
  }

  closed(): void {
    this.#waiting.length = 0;
    this.#closing.abort(new Error("the client left"));
  }

  /** Never rejects: a failure is an answer. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (!this.#isCongested) {
      const command = this.#waiting.shift();
      if (command === undefined) break;
      this.#isRunning = true;
      const answer = await this.#run(command, this.#closing.signal).catch(() => "err Couldn't open DB global");
      this.#isRunning = false;
      if (this.#closing.signal.aborted) break;
      this.#isCongested = !this.#link.write(encodeWdbFrame(answer));
      this.#regulate();
    }
    this.#isWorking = false;
  }

  #regulate(): void {
    const shouldPause = this.#waiting.length > WAITING_REQUESTS;
    if (shouldPause === this.#isPaused) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#link.pause();
    else this.#link.resume();
  }
}
