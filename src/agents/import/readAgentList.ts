import { printable } from "../../config/printable.js";
import { parseAgentId } from "../formatAgentId.js";
import type { NewAgent } from "../NewAgent.js";
import { AGENT_FIELDS, LATER_FIELDS, OS_FIELDS, type AgentField } from "./agentFields.js";
import type { AgentReading } from "./AgentReading.js";
import { readFieldValue } from "./readFieldValue.js";

/**
 * Reads a list of agents with the fields of dapi.md 3.3 (`status`, `os.name`, `lastKeepAlive`, …) or the columns of
 * 6.4. An agent that says nothing of its `sync_status` is marked to be sent to the master.
 */
export function readAgentList(list: unknown): AgentReading {
  if (!Array.isArray(list)) return { agents: [], problems: ["The file holds no list of agents; write [ {…}, … ]."] };
  const agents: NewAgent[] = [];
  const problems: string[] = [];
  const placeOfId = new Map<number, number>();
  list.forEach((item: unknown, index) => {
    const place = index + 1;
    const report = (text: string): void => void problems.push(`Agent ${place} of the list: ${text}.`);
    if (typeof item !== "object" || item === null || Array.isArray(item)) {
      report("expected an object");
      return;
    }
    const id = readId(item as Readonly<Record<string, unknown>>, report);
    const members = readMembers(item, report);
    if (id === null) return;
    const earlier = placeOfId.get(id);
    if (earlier !== undefined) report(`id: it is the id of agent ${earlier} of the list, too`);
    placeOfId.set(id, earlier ?? place);
    agents.push({ sync_status: "syncreq", ...members, id });
  });
  return { agents, problems };
}

type Report = (text: string) => void;

function readId(item: Readonly<Record<string, unknown>>, report: Report): number | null {
  const { id: value } = item;
  const id = typeof value === "number" || typeof value === "string" ? parseAgentId(String(value)) : null;
  if (id === null) {
    const isManager = /^0+$/.test(String(value));
    report(
      isManager ? "id: 000 is the manager itself; leave it out" : 'id: expected a number from 1 on, such as 7 or "007"',
    );
  }
  return id;
}

function readMembers(item: object, report: Report): Omit<NewAgent, "id"> {
  const members = new Map<string, unknown>();
  const read = (name: string, agentField: AgentField, value: unknown): void => {
    if (members.has(agentField.member)) {
      report(`${name}: this field is given twice, under two names`);
      return;
    }
    const reading = readFieldValue(agentField.kind, value);
    if ("problem" in reading) report(`${name}: ${reading.problem}`);
    // Kept although it is wrong, so that a second spelling is noticed.
    members.set(agentField.member, "problem" in reading ? undefined : reading.value);
  };
  for (const [name, value] of Object.entries(item)) {
    const agentField = AGENT_FIELDS.get(name);
    if (agentField !== undefined) read(name, agentField, value);
    else if (name === "os") readOs(value, read, report);
    else if (name !== "id" && !LATER_FIELDS.has(name)) report(`'${printable(name)}' is no field of an agent`);
  }
  if (members.get("date_add") === null) members.delete("date_add");
  return Object.fromEntries(members);
}

function readOs(
  os: unknown,
  read: (name: string, agentField: AgentField, value: unknown) => void,
  report: Report,
): void {
  if (os === null) return;
  if (typeof os !== "object" || Array.isArray(os)) {
    report("os: expected an object");
    return;
  }
  for (const [name, value] of Object.entries(os)) {
    const agentField = OS_FIELDS.get(name);
    if (agentField === undefined) report(`os: '${printable(name)}' is no field of it`);
    else read(`os.${name}`, agentField, value);
  }
}
