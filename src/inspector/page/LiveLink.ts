import type { FromFeed, FromPage, NodeIdentity } from "./wire.js";

/** Milliseconds: for an answer of the node, for the socket to open, and without a word on an open one. */
const ANSWER_TIMEOUT = 10_000;
const OPEN_TIMEOUT = 10_000;
const SILENCE_TIMEOUT = 6_000;
/** After it: a page that was busy, or asleep, has words of its node still to read. */
const LAST_CHANCE = 1_000;
/** Between two attempts to reach a lost node. */
const RETRY_INTERVAL = 2_000;

export interface LiveListener {
  onMessage(message: FromFeed): void;
  /** The node wants to know who watches. */
  onLoginNeeded(): void;
  /** The node is gone, or does not want more viewers; it is tried again. */
  onLost(reason: string): void;
}

interface Ticket {
  readonly ticket: string;
  readonly node: NodeIdentity;
}

/** The page's link to its node: a ticket, then a socket, again and again while the page is open. */
export class LiveLink {
  readonly #listener: LiveListener;
  #token: string | undefined;
  #socket: WebSocket | undefined;
  #silence: number | undefined;
  #peer: string | null = null;

  constructor(listener: LiveListener) {
    this.#listener = listener;
  }

  start(): void {
    void this.#connect();
  }

  /**
   * Logs in with a user of the node's API, and connects.
   *
   * @throws Error when the node does not know the user, in words for him
   */
  async logIn(user: string, password: string): Promise<void> {
    const credentials = btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)));
    const answer = await fetch(new URL("/security/user/authenticate", location.href), {
      method: "POST",
      headers: { authorization: `Basic ${credentials}` },
      // A browser answers a refusal with a form of its own, and lets the page wait for it, unless it holds no credentials.
      credentials: "omit",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT),
    });
    if (!answer.ok) throw new Error(answer.status === 401 ? "The node does not know this user and password." : `The node answered ${String(answer.status)}.`);
    const body = (await answer.json()) as { readonly data?: { readonly token?: string } };
    this.#token = body.data?.token;
    await this.#connect();
  }

  /** Asks for the messages with a peer. */
  choose(peer: string | null): void {
    this.#peer = peer;
    this.#wish();
  }

  async #connect(): Promise<void> {
    let ticket: Ticket;
    try {
      const answer = await fetch("ticket", {
        method: "POST",
        headers: this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` },
        signal: AbortSignal.timeout(ANSWER_TIMEOUT),
      });
      if (answer.status === 401) {
        this.#listener.onLoginNeeded();
        return;
      }
      if (!answer.ok) throw new Error(`the node answered ${String(answer.status)}`);
      ticket = (await answer.json()) as Ticket;
    } catch (error) {
      this.#retry(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#open(ticket);
  }

  #open({ ticket }: Ticket): void {
    const address = new URL(`ws?ticket=${encodeURIComponent(ticket)}`, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#expectWord(OPEN_TIMEOUT);
    socket.addEventListener("open", () => {
      this.#wish();
    });
    socket.addEventListener("message", ({ data }) => {
      this.#expectWord(SILENCE_TIMEOUT);
      this.#listener.onMessage(JSON.parse(String(data)) as FromFeed);
    });
    socket.addEventListener("close", ({ reason }) => {
      if (this.#socket === socket) this.#retry(reason === "" ? "the node closed the connection" : reason);
    });
  }

  #expectWord(milliseconds: number): void {
    clearTimeout(this.#silence);
    const giveUp = (): void => {
      const socket = this.#socket;
      this.#retry(`the node said nothing for ${String(milliseconds / 1000)} s`);
      socket?.close();
    };
    this.#silence = setTimeout(() => {
      this.#silence = setTimeout(giveUp, LAST_CHANCE);
    }, milliseconds);
  }

  #retry(reason: string): void {
    clearTimeout(this.#silence);
    this.#socket = undefined;
    this.#listener.onLost(reason);
    setTimeout(() => void this.#connect(), RETRY_INTERVAL);
  }

  #wish(): void {
    const wish: FromPage = { type: "peer", peer: this.#peer };
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(wish));
  }
}
