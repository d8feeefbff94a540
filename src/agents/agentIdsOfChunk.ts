/** The ids in one agent-info chunk; none when the chunk is no list of agents. */
export function agentIdsOfChunk(chunk: string): number[] {
  let agents: unknown;
  try {
    agents = JSON.parse(chunk);
  } catch {
    return [];
  }
  if (!Array.isArray(agents)) return [];
  return agents.map((agent: unknown) => idOf(agent)).filter((id) => id !== null);
}

function idOf(agent: unknown): number | null {
  if (typeof agent !== "object" || agent === null || !("id" in agent)) return null;
  const { id } = agent;
  return typeof id === "number" && Number.isSafeInteger(id) && id > 0 ? id : null;
}
