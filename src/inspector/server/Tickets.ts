import { randomBytes } from "node:crypto";

/** Milliseconds in which a ticket must be used. */
const TICKET_LIFETIME = 30_000;
/** Tickets that wait to be used; of more, the oldest one is void. */
const MOST_TICKETS = 256;
const TICKET_BYTES = 24;

/**
 * Admission to the WebSocket: a browser can't give it a token in a header, and a token in an address ends up in
 * logs. So the page shows its token once, for a ticket that is good for one socket and a few seconds.
 */
export class Tickets {
  readonly #now: () => number;
  /** Ticket → the monotonic instant at which it expires; the oldest first. */
  readonly #valid = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(): string {
    if (this.#valid.size >= MOST_TICKETS) {
      const [oldest] = this.#valid.keys();
      if (oldest !== undefined) this.#valid.delete(oldest);
    }
    const ticket = randomBytes(TICKET_BYTES).toString("base64url");
    this.#valid.set(ticket, this.#now() + TICKET_LIFETIME);
    return ticket;
  }

  /** True once for a ticket that was issued and has not expired. */
  redeem(ticket: string): boolean {
    const expires = this.#valid.get(ticket);
    this.#valid.delete(ticket);
    return expires !== undefined && this.#now() <= expires;
  }
}
