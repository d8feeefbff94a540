/**
 * Ids of actors of which a queue has a bounded number. They are used again and again: XState remembers every event
 * type it has seen, and an actor's end is an event that is named after its id.
 *
 * @returns the first one last, where the next free one is taken from
 */
export function freeSlots(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `slot-${String(count - at)}`);
}

/** The id of the actor whose end or crash this event tells. */
export function slotOf(eventType: string): string {
  return eventType.replace(/^xstate\.(?:done|error)\.actor\./, "");
}
