/** A state value as people read it: nested states with a dot between them. */
export function stateText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .map(([parent, child]) => `${parent}.${stateText(child)}`)
    .join(" ");
}
