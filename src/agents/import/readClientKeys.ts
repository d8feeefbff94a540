import { printable } from "../../config/printable.js";
import { parseAgentId } from "../formatAgentId.js";
import type { NewAgent } from "../NewAgent.js";
import type { AgentReading } from "./AgentReading.js";

const LINE = /^(\d+) (\S+) (\S+) (\S+)$/;

/**
 * Reads a client.keys: `<id> <name> <ip> <key>` a line (dapi.md 6.2). Empty lines and comments are skipped, and
 * so are removed agents (`!name`, `#name`).
 */
export function readClientKeys(text: string): AgentReading {
  const agents: NewAgent[] = [];
  const problems: string[] = [];
  const lineOfId = new Map<number, number>();
  text.split("\n").forEach((raw, index) => {
    const line = raw.trim();
    const number = index + 1;
    if (line === "" || line.startsWith("#") || line.startsWith("!")) return;
    const [, idText = "", name = "", ip = "", key = ""] = LINE.exec(line) ?? [];
    if (idText === "") {
      // The line itself may hold a key.
      problems.push(`Line ${number}: expected '<id> <name> <ip> <key>', separated by single spaces.`);
      return;
    }
    if (name.startsWith("!") || name.startsWith("#")) return;
    const id = parseAgentId(idText);
    const earlier = id === null ? undefined : lineOfId.get(id);
    if (id === null) {
      problems.push(`Line ${number}: '${printable(idText)}' is no agent id; use a number from 001 on.`);
    } else if (earlier !== undefined) {
      problems.push(`Line ${number}: agent ${idText} is in line ${earlier} already.`);
    } else {
      lineOfId.set(id, number);
      agents.push({ id, name, register_ip: ip, internal_key: key });
    }
  });
  return { agents, problems };
}
