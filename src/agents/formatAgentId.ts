/** An agent's id as files and people write it: decimal, at least three digits. `7` → `007`. */
export function formatAgentId(id: number): string {
  return String(id).padStart(3, "0");
}

/** Reads an agent's id with or without leading zeros; null when it is none (1 … 2^31-1). */
export function parseAgentId(text: string): number | null {
  if (!/^\d{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id >= 1 && id <= 0x7fffffff ? id : null;
}
