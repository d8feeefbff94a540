import type { MessageNotice } from "../../protocol/ChannelOptions.js";
import type { MessageView, TrafficFrame } from "../page/wire.js";

/** Messages with one peer told in one frame; of more, only their number. */
const MOST_MESSAGES = 200;
/** Requests of which the time and the command are remembered until their answer. */
const OPEN_REQUESTS = 2_048;

/** Chunks of a transfer: told together, because a file has hundreds. */
const CHUNKS: ReadonlySet<string> = new Set(["file_upd", "str_upd"]);

interface OpenRequest {
  readonly command: string;
  /** Monotonic milliseconds. */
  readonly at: number;
}

interface Traffic {
  messages: MessageView[];
  missed: number;
}

/** Times as the book reads them. */
export interface TrafficClock {
  now(): number;
  wallTime(): number;
}

/** The messages with the peers that viewers have chosen; of others nothing is kept. */
export class TrafficBook {
  readonly #clock: TrafficClock;
  readonly #traffic = new Map<string, Traffic>();
  readonly #open = new Map<string, OpenRequest>();
  #chosen: ReadonlySet<string> = new Set();

  constructor(clock: TrafficClock) {
    this.#clock = clock;
  }

  choose(peers: ReadonlySet<string>): void {
    this.#chosen = peers;
    for (const peer of this.#traffic.keys()) if (!peers.has(peer)) this.#traffic.delete(peer);
    if (peers.size === 0) this.#open.clear();
  }

  note(peer: string, { direction, kind, counter, command, bytes }: MessageNotice): void {
    if (!this.#chosen.has(peer)) return;
    const request = this.#match(peer, { direction, kind, counter, command });
    const traffic = this.#traffic.get(peer) ?? { messages: [], missed: 0 };
    this.#traffic.set(peer, traffic);
    const { messages } = traffic;
    const answers = request?.command ?? null;
    const duration = request === undefined ? null : this.#clock.now() - request.at;
    if (CHUNKS.has(answers ?? command)) {
      const at = messages.findLastIndex(
        (one) => one.direction === direction && one.kind === kind && one.command === command && one.answers === answers,
      );
      const before = messages[at];
      if (before !== undefined) {
        const slowest = duration === null ? before.duration : Math.max(duration, before.duration ?? 0);
        messages[at] = { ...before, bytes: before.bytes + bytes, count: before.count + 1, duration: slowest };
        return;
      }
    }
    if (messages.length >= MOST_MESSAGES) {
      traffic.missed += 1;
      return;
    }
    messages.push({ at: this.#clock.wallTime(), direction, kind, counter, command, answers, bytes, duration, count: 1 });
  }

  /** What is new since the last call, by peer. */
  take(): readonly TrafficFrame[] {
    const at = this.#clock.wallTime();
    const frames = [...this.#traffic].map(([peer, { messages, missed }]) => ({ at, peer, messages, missed }));
    this.#traffic.clear();
    return frames;
  }

  /** Remembers a request; finds the request of an answer, which came the other way. */
  #match(peer: string, { direction, kind, counter, command }: Omit<MessageNotice, "bytes">): OpenRequest | undefined {
    const asked = kind === "request" ? direction : direction === "in" ? "out" : "in";
    const id = `${peer} ${asked} ${String(counter)}`;
    if (kind === "answer") {
      const request = this.#open.get(id);
      this.#open.delete(id);
      return request;
    }
    if (this.#open.size >= OPEN_REQUESTS) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.#open.delete(oldest);
    }
    this.#open.set(id, { command, at: this.#clock.now() });
    return undefined;
  }
}
