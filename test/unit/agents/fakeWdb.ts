import type { OpenWdbLink, WdbLinkEvents } from "../../../src/agents/wazuhDb/WdbLink.js";

/** The server's end of one link, under a test's hand. */
export interface FakeLink {
  readonly events: WdbLinkEvents;
  /** Commands that arrived, decoded by the test's own hand. */
  readonly commands: string[];
  readonly isDestroyed: boolean;
  answer(text: string): void;
}

export interface FakeWdb {
  readonly open: OpenWdbLink;
  readonly links: FakeLink[];
  /** Attempts to connect, refused ones included. */
  attempts: number;
  /** When set, attempts fail with this. */
  refusal: Error | null;
  /** When true, attempts stay open until their signal fires. */
  hangs: boolean;
}

/** A wazuh-db without sockets, whose answers the test gives. */
export function fakeWdb(): FakeWdb {
  const wdb: FakeWdb = {
    links: [],
    attempts: 0,
    refusal: null,
    hangs: false,
    open: (events, signal) => {
      wdb.attempts += 1;
      if (wdb.refusal !== null) return Promise.reject(wdb.refusal);
      if (wdb.hangs)
        return new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error)),
        );
      const commands: string[] = [];
      let isDestroyed = false;
      wdb.links.push({
        events,
        commands,
        get isDestroyed() {
          return isDestroyed;
        },
        answer: (text) => events.received(wdbFrame(text)),
      });
      return Promise.resolve({
        write: (bytes: Uint8Array) => {
          commands.push(Buffer.from(bytes.subarray(4)).toString("utf8"));
          return true;
        },
        pause: () => undefined,
        resume: () => undefined,
        destroy: () => {
          isDestroyed = true;
        },
      });
    },
  };
  return wdb;
}

/** A frame built by hand (dapi.md 6.1). */
export function wdbFrame(text: string): Buffer {
  const body = Buffer.from(text, "utf8");
  const header = Buffer.alloc(4);
  header.writeInt32LE(body.length);
  return Buffer.concat([header, body]);
}

/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
