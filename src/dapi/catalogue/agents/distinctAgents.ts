import { type AgentCondition, allOf } from "../../../agents/selection/AgentCondition.js";
import { AGENT_FIELDS, type AgentField, isAgentField } from "../../../agents/selection/agentFields.js";
import { countAgentsBy } from "../../../agents/selection/selectAgents.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { checkBounds, type Page } from "../../query/processArray.js";
import { agentCondition } from "./agentConditions.js";
import { agentItem } from "./agentItem.js";
import type { FoundAgents } from "./findAgents.js";

/** What stands for a value that agents do not have (dapi.md 3.3). */
const NO_VALUE = "unknown";

/** The page without limits: for functions that show all. */
export const WHOLE_PAGE: Omit<Page, "select"> = Object.freeze({
  offset: 0,
  limit: null,
  sort: null,
  search: null,
  q: null,
});

/**
 * The different values of some fields, and how many agents have each; counted by the store.
 *
 * @throws MusterError 1400, 1401, 1405, 1406 (offset, limit), 1403 (sort), 1407 to 1409, 1412 (`q`), 1724 (fields)
 */
export async function distinctAgents(
  context: FunctionContext,
  names: readonly string[],
  { offset, limit, sort, search, q }: Omit<Page, "select">,
  within: AgentCondition,
): Promise<FoundAgents> {
  checkBounds(offset, limit);
  const fields = requireFields(names);
  const { rows, total } = await countAgentsBy(
    context.store,
    {
      fields,
      where: allOf(within, agentCondition({ q, search }, context.clock.wallTime())),
      sortFields: sort === null ? [] : requireSortFields(sort.fields, fields),
      ascending: sort?.ascending,
      offset,
      limit,
    },
    { signal: context.signal },
  );
  return {
    items: rows.map((row) => agentItem({ ...Object.fromEntries(fields.map((field) => [field, NO_VALUE])), ...row })),
    totalItems: total,
  };
}

function requireFields(names: readonly string[]): readonly AgentField[] {
  const wrong = names.filter((name) => !isAgentField(name));
  if (wrong.length > 0 || names.length === 0) {
    throw MusterError.user(1724, `Allowed select fields: ${AGENT_FIELDS.join(", ")}. Fields ${wrong.join(", ")}`);
  }
  return [...new Set(names.filter(isAgentField))];
}

function requireSortFields(asked: readonly string[], fields: readonly AgentField[]): readonly (AgentField | "count")[] {
  const allowed: readonly (AgentField | "count")[] = [...fields, "count"];
  const names = asked.filter((name) => name !== "");
  const wrong = names.filter((name) => !allowed.some((field) => field === name));
  if (wrong.length > 0) {
    throw MusterError.user(1403, `Allowed sort fields: ${allowed.join(", ")}. Fields: ${wrong.join(", ")}`);
  }
  return names.flatMap((name) => allowed.find((field) => field === name) ?? []);
}
