import { printable } from "../../config/printable.js";
import type { AgentReading } from "./AgentReading.js";
import { readAgentList } from "./readAgentList.js";
import { readClientKeys } from "./readClientKeys.js";

/**
 * Reads a file of agents: a JSON list of agents (fields of dapi.md 3.3 or columns of 6.4), or lines of a
 * client.keys. Which of the two it is, its first character tells.
 */
export function readAgents(text: string): AgentReading {
  // A byte order mark counts as white space here, and JSON.parse would stumble over it.
  const content = text.trimStart();
  if (!content.startsWith("[") && !content.startsWith("{")) return readClientKeys(text);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    return { agents: [], problems: [`The file is no valid JSON: ${printable((error as Error).message)}`] };
  }
  return readAgentList(value);
}
