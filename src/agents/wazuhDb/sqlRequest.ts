import { AgentStoreError } from "../AgentStoreError.js";

/** The databases that a whole request may name (dapi.md 6.2). */
const DATABASES: ReadonlySet<string> = new Set(["global", "agent", "task", "mitre"]);

/** A request that passed the rules of dapi.md 6.2. */
export interface SqlRequest {
  /** `global sql`, `agent 001 sql`, … */
  readonly prefix: string;
  /** The statement, lower-cased outside single quotes. */
  readonly statement: string;
  readonly kind: "select" | "delete" | "update";
}

/**
 * Checks a statement, or a whole request that begins with its database, as wazuh-db's clients do
 * (dapi.md 6.2). A statement alone is one for the global database.
 * @throws AgentStoreError 2004 with the rule that is broken.
 */
export function sqlRequest(text: string): SqlRequest {
  const words = lowerOutsideQuotes(text.trim()).split(" ");
  const [first = ""] = words;
  const isWhole = !["select", "delete", "update"].includes(first) && words.includes("sql");
  const prefixLength = isWhole ? checkPrefix(words) : 0;
  const statement = words.slice(prefixLength).join(" ");
  const kind = words[prefixLength];
  if (kind !== "select" && kind !== "delete" && kind !== "update") {
    throw new AgentStoreError(2004, 'Only "select", "delete" or "update" requests can be sent to WDB');
  }
  if (statement.includes(";")) {
    throw new AgentStoreError(2004, "Found a not valid symbol in database query: ;");
  }
  return { prefix: isWhole ? words.slice(0, prefixLength).join(" ") : "global sql", statement, kind };
}

/** How many words the prefix has. */
function checkPrefix(words: readonly string[]): number {
  const [database = "", second = ""] = words;
  if (!DATABASES.has(database)) throw new AgentStoreError(2004, `The ${database} database is not valid`);
  const length = database === "agent" ? 3 : 2;
  if (words[length - 1] !== "sql") throw new AgentStoreError(2004, "Incorrect WDB request type.");
  if (database === "agent" && !/^\d+$/.test(second)) throw new AgentStoreError(2004, `Incorrect agent ID ${second}`);
  return length;
}

/** Lower case everywhere but in single quotes, where `''` stands for one quote. */
export function lowerOutsideQuotes(text: string): string {
  return text
    .split("'")
    .map((part, index) => (index % 2 === 0 ? part.toLowerCase() : part))
    .join("'");
}

/**
 * A text as an SQL literal. Semicolons can't be sent (dapi.md 6.2), nor can NUL.
 * @throws AgentStoreError 2004.
 */
export function sqlText(value: string): string {
  if (value.includes(";") || value.includes("\0")) {
    throw new AgentStoreError(2004, `Found a not valid symbol in database query: ${value.includes(";") ? ";" : "NUL"}`);
  }
  return `'${value.replaceAll("'", "''")}'`;
}
