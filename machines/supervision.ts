import type { AnyActorRef } from "xstate";

/** Crashes of one actor's children, as the actor keeps them in its context. */
export type Crashes = Readonly<Record<string, readonly number[]>>;

/** A crash counts for this long (milliseconds). */
const CRASH_WINDOW = 60_000;
/** Crashes within the window after which a child is not started again. */
export const CRASHES_ALLOWED = 5;
/** Delay before the first restart; it doubles with each crash of the window (milliseconds). */
const RESTART_DELAY = 100;

/** The record with one more crash of `child` at monotonic time `now`. */
export function noteCrash(crashes: Crashes, child: string, now: number): Crashes {
  const recent = (crashes[child] ?? []).filter((at) => now - at < CRASH_WINDOW);
  return { ...crashes, [child]: [...recent, now] };
}

/** Has this child crashed too often to be started once more? */
export function crashedTooOften(crashes: Crashes, child: string): boolean {
  return (crashes[child]?.length ?? 0) > CRASHES_ALLOWED;
}

/** Milliseconds until this child is started anew. */
export function restartDelay(crashes: Crashes, child: string): number {
  return RESTART_DELAY * 2 ** Math.max(0, (crashes[child]?.length ?? 1) - 1);
}

/**
 * Ends what a crashed actor left running. XState ends the children of an actor that is stopped, but not
 * those of one that threw, and stopping that one later does nothing.
 */
export function stopOrphans(crashed: AnyActorRef | undefined): void {
  const { children = {} } = (crashed?.getSnapshot() ?? {}) as { readonly children?: Record<string, AnyActorRef> };
  for (const orphan of Object.values(children)) if (isActive(orphan)) orphan.send({ type: "xstate.stop" });
}

/** Is this child there, and neither done nor crashed? */
export function isActive(child: AnyActorRef | undefined): boolean {
  return (child?.getSnapshot() as { readonly status?: string } | undefined)?.status === "active";
}
