import type { Clock } from "../../protocol/Clock.js";
import { sendUnixDatagram } from "./sendUnixDatagram.js";

/** Milliseconds that a message waits for a service manager whose queue is full. */
const SEND_TIMEOUT = 1_000;
/** A watchdog time below this, in microseconds, is no honest one: pings would be all that the process does. */
const SHORTEST_WATCHDOG = 10_000;
/** Characters of a status that are sent. */
const LONGEST_STATUS = 256;

/** The manager that started this process and wants to hear how it fares: systemd, by its `sd_notify(3)`. */
export class ServiceManager {
  /** Milliseconds within which it wants a sign of life; undefined: it wants none. */
  readonly watchdog: number | undefined;
  readonly #socket: string;
  readonly #clock: Clock;
  readonly #onTrouble: (error: Error) => void;
  /** Messages go out in their order, one at a time. */
  #last: Promise<void> = Promise.resolve();
  #isTold = false;

  private constructor(socket: string, watchdog: number | undefined, clock: Clock, onTrouble: (error: Error) => void) {
    this.#socket = socket;
    this.watchdog = watchdog;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  /** The manager that the environment names; undefined when there is none. */
  static of(
    variables: Readonly<Record<string, string | undefined>>,
    pid: number,
    options: { readonly clock: Clock; readonly onTrouble: (error: Error) => void },
  ): ServiceManager | undefined {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched } = variables;
    if (socket === undefined || !/^[/@]./.test(socket)) return undefined;
    const isMeant = watched === undefined || Number(watched) === pid;
    const time = Number(microseconds);
    const watchdog = isMeant && Number.isSafeInteger(time) && time >= SHORTEST_WATCHDOG ? time / 1000 : undefined;
    return new ServiceManager(socket, watchdog, options.clock, options.onTrouble);
  }

  /** The node serves. */
  ready(status: string): void {
    this.#send(`READY=1\n${statusLine(status)}`);
  }

  /** What `systemctl status` shows. */
  status(text: string): void {
    this.#send(statusLine(text));
  }

  /** The configuration is read anew; `ready` ends it. */
  reloading(): void {
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${String(process.hrtime.bigint() / 1000n)}`);
  }

  stopping(): void {
    this.#send("STOPPING=1");
  }

  /** A sign of life. */
  alive(): void {
    this.#send("WATCHDOG=1");
  }

  /** Resolves when what was said is sent, or can't be. */
  async flush(): Promise<void> {
    await this.#last;
  }

  #send(text: string): void {
    this.#last = this.#last
      .then(() => sendUnixDatagram(this.#socket, Buffer.from(text), { clock: this.#clock, timeout: SEND_TIMEOUT }))
      .catch((error: unknown) => {
        if (this.#isTold) return;
        this.#isTold = true;
        this.#onTrouble(error instanceof Error ? error : new Error(String(error)));
      });
  }
}

/** One line: a newline would begin another assignment. */
function statusLine(text: string): string {
  return `STATUS=${text.replace(/[\u0000-\u001f]/g, " ").slice(0, LONGEST_STATUS)}`;
}
