import { ok, rowsAnswer, syntaxError } from "../answers.js";
import type { CommandContext, GlobalCommand } from "../CommandContext.js";
import { readNumber } from "../readArguments.js";
import { withShape } from "../withShape.js";

/** `find-group <name>`: its id. */
export const findGroup = withName("find-group", (name, { database }) =>
  rowsAnswer(database.all("SELECT id FROM `group` WHERE name = ?", name)),
);

/** `insert-agent-group <name>`: a new group; one that is there stays as it is. */
export const insertAgentGroup = withName("insert-agent-group", (name, { database }) => {
  database.run(
    "INSERT INTO `group` (name) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM `group` WHERE name = ?)",
    name,
    name,
  );
  return ok();
});

/** `select-groups`: the names of all groups. */
export const selectGroups: GlobalCommand = (_argument, { database }) =>
  rowsAnswer(database.all("SELECT name FROM `group` ORDER BY id"));

/** `delete-group <name>`: the group, not its memberships. */
export const deleteGroup = withName("delete-group", (name, { database }) => {
  database.run("DELETE FROM `group` WHERE name = ?", name);
  return ok();
});

/** `delete-group-belong <name>`: all memberships in that group. */
export const deleteGroupBelong = withName("delete-group-belong", (name, { database }) => {
  database.run("DELETE FROM belongs WHERE id_group IN (SELECT id FROM `group` WHERE name = ?)", name);
  return ok();
});

/** `insert-agent-belong {id_group, id_agent}`: one membership. */
export const insertAgentBelong = withShape({ id_group: "number", id_agent: "number" }, (belong, { database }) => {
  database.run("INSERT OR IGNORE INTO belongs (id_group, id_agent) VALUES (?, ?)", belong.id_group, belong.id_agent);
  return undefined;
});

/** `delete-agent-belong <id>`: all memberships of that agent. */
export const deleteAgentBelong: GlobalCommand = (argument, { database }) => {
  const id = readNumber(argument?.trim());
  if (id === null) return syntaxError("delete-agent-belong");
  database.run("DELETE FROM belongs WHERE id_agent = ?", id);
  return ok();
};

/** `update-agent-group {id, group}`: the agent's groups as one text, separated by commas. */
export const updateAgentGroup = withShape({ id: "number", group: "text?" }, ({ id, group }, { database }) => {
  database.run("UPDATE agent SET `group` = ? WHERE id = ?", group, id);
  return undefined;
});

function withName(command: string, work: (name: string, context: CommandContext) => string): GlobalCommand {
  return (argument, context) => {
    const name = argument?.trim() ?? "";
    return name === "" ? syntaxError(command) : work(name, context);
  };
}
