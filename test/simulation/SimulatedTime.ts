import type { Clock, TimerHandle } from "../../src/protocol/Clock.js";

/** 2026-01-01T00:00:00Z */
const EPOCH = Date.UTC(2026, 0, 1);
/** Events that one history may take: more is a loop that never ends. */
const MOST_EVENTS = 2_000_000;

interface Happening {
  readonly due: number;
  readonly order: number;
  /** The process that it happens to; undefined: to the world. */
  readonly life: Life | undefined;
  readonly run: () => void;
  cancelled: boolean;
}

/** One life of one node's process, from its start until it is killed. */
export class Life {
  isAlive = true;
  isFrozen = false;
  /** What became due while it was frozen, in order. */
  readonly held: (() => void)[] = [];

  constructor(readonly node: string) {}
}

/** The one time line of a history: what happens, happens in its order, one after another. */
export class SimulatedTime {
  #now = 0;
  #order = 0;
  #events = 0;
  readonly #heap: Happening[] = [];
  readonly #working = new Set<Promise<unknown>>();

  /** Milliseconds since the history began. */
  get now(): number {
    return this.#now;
  }

  /** What is still to happen. */
  get pending(): number {
    return this.#heap.length;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Lets `run` happen after `delay` milliseconds: when `life` has ended by then, never; while it is frozen, later. */
  after(delay: number, life: Life | undefined, run: () => void): { cancel(): void } {
    this.#order += 1;
    const happening: Happening = { due: this.#now + Math.max(0, delay), order: this.#order, life, run, cancelled: false };
    this.#push(happening);
    return {
      cancel: () => {
        happening.cancelled = true;
      },
    };
  }

  /** A life's own clock. `wallOffset`: how wrong its wall clock is, in milliseconds. */
  clockOf(life: Life, wallOffset: () => number): Clock {
    return {
      now: () => this.#now,
      wallTime: () => EPOCH + this.#now + wallOffset(),
      setTimeout: (callback, milliseconds): TimerHandle => this.after(milliseconds, life, () => callback()),
      clearTimeout: (handle) => (handle as { cancel(): void } | undefined)?.cancel(),
    };
  }

  /** The world waits for real work (a job), which takes no simulated time. */
  hold(work: Promise<unknown>): void {
    const done = work.catch(() => undefined).finally(() => this.#working.delete(done));
    this.#working.add(done);
  }

  /** Ends a freeze: what became due meanwhile happens now. */
  thaw(life: Life): void {
    life.isFrozen = false;
    for (const run of life.held.splice(0)) this.after(0, life, run);
  }

  /** Lets the next thing happen, and all that follows from it at once. Returns whose it was; false when nothing is left. */
  async step(): Promise<Life | undefined | false> {
    const next = this.#pop();
    if (next === undefined) return false;
    this.#events += 1;
    if (this.#events > MOST_EVENTS) throw new Error("the history does not end: too many events");
    this.#now = next.due;
    const { life } = next;
    if (life !== undefined && !life.isAlive) return undefined;
    if (life?.isFrozen === true) {
      life.held.push(() => {
        if (!next.cancelled) next.run();
      });
      return undefined;
    }
    next.run();
    await this.#settle();
    return life;
  }

  async #settle(): Promise<void> {
    do {
      await Promise.all(this.#working);
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#working.size > 0);
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(happening);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(happening, heap[parent] as Happening)) break;
      heap[at] = heap[parent] as Happening;
      at = parent;
    }
    heap[at] = happening;
  }

  #pop(): Happening | undefined {
    for (;;) {
      const first = this.#heap[0];
      const last = this.#heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (this.#heap.length > 0) this.#sink(last);
      if (!first.cancelled) return first;
    }
  }

  #sink(happening: Happening): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Happening, heap[child] as Happening)) child += 1;
      if (!isBefore(heap[child] as Happening, happening)) break;
      heap[at] = heap[child] as Happening;
      at = child;
    }
    heap[at] = happening;
  }
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}
