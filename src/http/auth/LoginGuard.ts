import { isIP } from "node:net";
import type { Clock } from "../../protocol/Clock.js";
import { HttpError } from "../HttpError.js";
import type { HttpSettings } from "../HttpSettings.js";

interface Failures {
  count: number;
  /** Monotonic milliseconds. */
  last: number;
  blockedUntil: number;
}

interface CounterOptions {
  readonly allowed: number;
  readonly firstDelay: number;
  readonly longestDelay: number;
  readonly memory: number;
  readonly mostKeys: number;
}

/** Failures by key, with waits that double. Bounded: the key that failed the longest ago is forgotten first. */
class FailureCounter {
  readonly #options: CounterOptions;
  readonly #entries = new Map<string, Failures>();

  constructor(options: CounterOptions) {
    this.#options = options;
  }

  /** Milliseconds until the key may try again; 0: now. */
  delay(key: string, now: number): number {
    return Math.max(0, (this.#entries.get(key)?.blockedUntil ?? 0) - now);
  }

  add(key: string, now: number): void {
    const { allowed, firstDelay, longestDelay, memory, mostKeys } = this.#options;
    const known = this.#entries.get(key);
    const count = known === undefined || now - known.last > memory ? 1 : known.count + 1;
    const excess = count - allowed;
    const wait = excess < 0 ? 0 : Math.min(longestDelay, firstDelay * 2 ** Math.min(excess, 30));
    this.#entries.delete(key);
    this.#entries.set(key, { count, last: now, blockedUntil: wait === 0 ? 0 : now + wait });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > mostKeys && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Takes one failure back: it was none. */
  remove(key: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    if (known.count <= 1) this.#entries.delete(key);
    else this.#entries.set(key, { ...known, count: known.count - 1, blockedUntil: 0 });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}

/**
 * Stops the guessing of passwords: after some failures an address, and a user's name, must wait, twice as long
 * with each further failure. An attempt counts as failed from its beginning, so that many at once gain nothing.
 */
export class LoginGuard {
  readonly #clock: Clock;
  readonly #addresses: FailureCounter;
  readonly #users: FailureCounter;

  constructor(settings: HttpSettings, clock: Clock) {
    const common = {
      firstDelay: settings.firstLoginDelay,
      memory: settings.failureMemory,
      mostKeys: settings.countedFailures,
    };
    this.#clock = clock;
    this.#addresses = new FailureCounter({
      ...common,
      allowed: settings.addressFailures,
      longestDelay: settings.longestAddressDelay,
    });
    this.#users = new FailureCounter({ ...common, allowed: settings.userFailures, longestDelay: settings.longestUserDelay });
  }

  /** Counts an attempt. @throws HttpError 429 when the address or the user has to wait; then it is not counted */
  attempt(address: string, user: string): void {
    const now = this.#clock.now();
    const source = sourceOf(address);
    const delay = Math.max(this.#addresses.delay(source, now), this.#users.delay(user, now));
    if (delay > 0) throw HttpError.tooManyRequests("Limit of login attempts reached", delay);
    this.#addresses.add(source, now);
    this.#users.add(user, now);
  }

  /** The attempt was none of a guesser. */
  succeeded(address: string, user: string): void {
    this.#addresses.remove(sourceOf(address));
    this.#users.forget(user);
  }

  /** The attempt was not judged: it counts for nothing. */
  withdraw(address: string, user: string): void {
    this.#addresses.remove(sourceOf(address));
    this.#users.remove(user);
  }
}

/** Who an address belongs to: an IPv6 network of 64 bits is one, and a mapped IPv4 address is that one. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ""] = address.split("%");
  if (isIP(plain) !== 6) return address;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
