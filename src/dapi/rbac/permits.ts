import { isRecord, type JsonRecord } from "../encoding/values.js";

/** Everything of every kind. */
const EVERYTHING = "*:*:*";

/**
 * May an asker with these permissions do that to a thing that is known by any of these resources, for example
 * `agent:id:001` and `agent:group:web` (dapi.md 3.7)? Mode `black` allows what nothing denies, `white` denies what
 * nothing allows; a later entry overrules an earlier one.
 */
export function permits(permissions: JsonRecord, action: string, resources: readonly string[]): boolean {
  let allowed = permissions.rbac_mode !== "white";
  for (const [pattern, effect] of entriesOf(permissions, action)) {
    if (resources.some((resource) => matches(pattern, resource))) allowed = effect === "allow";
  }
  return allowed;
}

/** Do these permissions treat all things alike, so that nothing need be looked at one by one? */
export function treatsAllAlike(permissions: JsonRecord, action: string): boolean {
  return entriesOf(permissions, action).every(([pattern]) => pattern === EVERYTHING || pattern.endsWith(":*"));
}

function entriesOf(permissions: JsonRecord, action: string): readonly (readonly [string, unknown])[] {
  const entries = Object.hasOwn(permissions, action) ? permissions[action] : undefined;
  return isRecord(entries) ? Object.entries(entries) : [];
}

function matches(pattern: string, resource: string): boolean {
  if (pattern === resource || pattern === EVERYTHING) return true;
  return pattern.endsWith(":*") && resource.startsWith(pattern.slice(0, -1));
}
