import { AGENT_COLUMNS } from "../columns.js";
import type { ImportSummary } from "../AgentStore.js";
import { formatAgentId } from "../formatAgentId.js";
import type { NewAgent } from "../NewAgent.js";
import type { CommandContext } from "./CommandContext.js";
import { replaceLabels } from "./labels.js";
import { setGroups } from "./setGroups.js";
import type { SqlDatabase, SqlParameter } from "./SqlDatabase.js";

const PLAIN_COLUMNS = AGENT_COLUMNS.filter((column) => column !== "id" && column !== "group");

/**
 * Creates or updates agents by id in one transaction. What an agent does not say keeps its value.
 * @throws Error when new agents have no name, or with SQLite's message.
 */
export function importAgents(agents: readonly NewAgent[], context: CommandContext): ImportSummary {
  const { database } = context;
  return database.transaction(() => {
    const isNew = (agent: NewAgent): boolean => database.all("SELECT 1 FROM agent WHERE id = ?", agent.id).length === 0;
    const nameless = agents.filter((agent) => agent.name === undefined && isNew(agent));
    if (nameless.length > 0) {
      throw new Error(
        `these agents are new and need a name: ${nameless.map(({ id }) => formatAgentId(id)).join(", ")}`,
      );
    }
    let created = 0;
    for (const agent of agents) {
      if (isNew(agent)) {
        created += 1;
        const added = agent.date_add ?? context.seconds();
        database.run("INSERT INTO agent (id, name, date_add) VALUES (?, ?, ?)", agent.id, agent.name ?? "", added);
      }
      updateColumns(database, agent);
      if (agent.labels !== undefined) {
        replaceLabels(
          database,
          agent.id,
          agent.labels.map(({ key, value }) => [key, value] as const),
        );
      }
      if (agent.groups !== undefined) setGroups(database, agent.id, agent.groups, "syncreq");
    }
    return { created, updated: agents.length - created };
  });
}

function updateColumns(database: SqlDatabase, agent: NewAgent): void {
  const columns = PLAIN_COLUMNS.filter((column) => agent[column] !== undefined);
  if (columns.length === 0) return;
  const values = columns.map((column): SqlParameter => agent[column] ?? null);
  database.run(
    `UPDATE agent SET ${columns.map((column) => `${column} = ?`).join(", ")} WHERE id = ?`,
    ...values,
    agent.id,
  );
}
