/**
 * An event's type as people read it. XState's own say where they belong, which a reader knows already:
 * `xstate.done.actor.0.integritySync.packing` becomes `done`, `xstate.after.workDeadline.integritySync.packing`
 * becomes `after workDeadline`.
 */
export function eventLabel(type: string): string {
  if (!type.startsWith("xstate.")) return type;
  const [, kind = "", ...rest] = type.split(".");
  if (kind === "init") return "start";
  if (kind === "stop") return "stop";
  if (kind === "after") return `after ${rest[0] ?? ""}`;
  // An invoked actor without an id of its own is called by its place; a child has the name that its parent gave it.
  const name = rest[0] === "actor" && !/^\d+$/.test(rest[1] ?? "") ? `${rest.slice(1).join(".")} ` : "";
  if (kind === "done") return `${name}done`;
  if (kind === "error") return `${name}failed`;
  return type;
}
