import { ok, rowsAnswer, syntaxError } from "../answers.js";
import type { CommandContext, GlobalCommand } from "../CommandContext.js";
import { parseLabelLines, replaceLabels } from "../labels.js";
import { readNumber } from "../readArguments.js";
import { withShape } from "../withShape.js";

/** `insert-agent {id, name, ip?, register_ip?, internal_key?, group?, date_add?}`: a newly registered agent. */
export const insertAgent = withShape(
  {
    id: "number",
    name: "text",
    ip: "text?",
    register_ip: "text?",
    internal_key: "text?",
    group: "text?",
    date_add: "number?",
  },
  (agent, { database, seconds }) => {
    database.run(
      "INSERT INTO agent (id, name, ip, register_ip, internal_key, date_add, `group`) VALUES (?, ?, ?, ?, ?, ?, ?)",
      agent.id,
      agent.name,
      agent.ip,
      agent.register_ip,
      agent.internal_key,
      agent.date_add ?? seconds(),
      agent.group ?? "default",
    );
    return undefined;
  },
);

/** `update-agent-name {id, name}`. */
export const updateAgentName = withShape({ id: "number", name: "text" }, ({ id, name }, { database }) => {
  database.run("UPDATE agent SET name = ? WHERE id = ?", name, id);
  return undefined;
});

/** `update-agent-data {id, …}`: what an agent tells of itself, and its labels as lines; counts as a keepalive. */
export const updateAgentData = withShape(
  {
    id: "number",
    os_name: "text?",
    os_version: "text?",
    os_major: "text?",
    os_minor: "text?",
    os_codename: "text?",
    os_platform: "text?",
    os_build: "text?",
    os_uname: "text?",
    os_arch: "text?",
    version: "text?",
    config_sum: "text?",
    merged_sum: "text?",
    manager_host: "text?",
    node_name: "text?",
    agent_ip: "text?",
    connection_status: "text",
    sync_status: "text",
    labels: "text?",
  },
  ({ id, labels, agent_ip, ...columns }, { database, seconds }) => {
    const written = Object.entries({ ...columns, ip: agent_ip, last_keepalive: seconds() });
    const known = database.run(
      `UPDATE agent SET ${written.map(([column]) => `${column} = ?`).join(", ")} WHERE id = ?`,
      ...written.map(([, value]) => value),
      id,
    );
    if (known > 0 && labels !== null) replaceLabels(database, id, parseLabelLines(labels));
    return undefined;
  },
);

/** `update-keepalive {id, connection_status, sync_status}`: the agent was heard now. */
export const updateKeepalive = withShape(
  { id: "number", connection_status: "text", sync_status: "text" },
  ({ id, connection_status, sync_status }, { database, seconds }) => {
    const update = "UPDATE agent SET last_keepalive = ?, connection_status = ?, sync_status = ? WHERE id = ?";
    database.run(update, seconds(), connection_status, sync_status, id);
    return undefined;
  },
);

/** `update-connection-status {id, connection_status, sync_status}`. */
export const updateConnectionStatus = withShape(
  { id: "number", connection_status: "text", sync_status: "text" },
  ({ id, connection_status, sync_status }, { database }) => {
    database.run(
      "UPDATE agent SET connection_status = ?, sync_status = ? WHERE id = ?",
      connection_status,
      sync_status,
      id,
    );
    return undefined;
  },
);

/** `find-agent {name, ip}`: its id. */
export const findAgent = withShape({ name: "text", ip: "text" }, ({ name, ip }, { database }) =>
  rowsAnswer(
    database.all(
      "SELECT id FROM agent WHERE name = ? AND (register_ip = ? OR register_ip LIKE ? || '/%')",
      name,
      ip,
      ip,
    ),
  ),
);

/** `delete-agent <id>`: the agent's row. Its labels and groups have commands of their own. */
export const deleteAgent = withId("delete-agent", (id, { database }) => {
  database.run("DELETE FROM agent WHERE id = ?", id);
  return ok();
});

export const selectAgentName = withId("select-agent-name", (id, { database }) =>
  rowsAnswer(database.all("SELECT name FROM agent WHERE id = ?", id)),
);

export const selectAgentGroup = withId("select-agent-group", (id, { database }) =>
  rowsAnswer(database.all("SELECT `group` FROM agent WHERE id = ?", id)),
);

/** `get-labels <id>`: rows of id, key and value. */
export const getLabels = withId("get-labels", (id, { database }) =>
  rowsAnswer(database.all("SELECT id, key, value FROM labels WHERE id = ? ORDER BY key", id)),
);

/** `set-labels <id> <key:value lines>`: replaces the agent's labels. */
export const setLabels: GlobalCommand = (argument, { database }) => {
  const text = argument ?? "";
  const space = text.indexOf(" ");
  const id = readNumber(space < 0 ? text : text.slice(0, space));
  if (id === null) return syntaxError("set-labels");
  const labels = space < 0 ? "" : text.slice(space + 1);
  database.transaction(() => replaceLabels(database, id, parseLabelLines(labels)));
  return ok();
};

function withId(name: string, work: (id: number, context: CommandContext) => string): GlobalCommand {
  return (argument, context) => {
    const id = readNumber(argument?.trim());
    return id === null ? syntaxError(name) : work(id, context);
  };
}
