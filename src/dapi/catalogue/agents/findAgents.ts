import { allOf, type AgentCondition } from "../../../agents/selection/AgentCondition.js";
import { AGENT_FIELDS, type AgentField, isAgentField } from "../../../agents/selection/agentFields.js";
import { selectAgents } from "../../../agents/selection/selectAgents.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { checkBounds, type Page } from "../../query/processArray.js";
import type { AgentFilters } from "./agentArguments.js";
import { agentCondition } from "./agentConditions.js";
import { agentItem, type AgentItem } from "./agentItem.js";

/** The fields that the reference's errors name; `internal_key` is among them, and refused all the same. */
const NAMED_FIELDS = AGENT_FIELDS.flatMap((field) => (field === "registerIP" ? ["internal_key", field] : [field]));

/** A page of agents as an asker wants it. */
export interface AgentPage {
  readonly page: Page;
  readonly filters?: AgentFilters | null | undefined;
  /** Which agents it is about at all: those of the request that the asker may see. */
  readonly within: AgentCondition;
}

/** One page of agents, and how many there are before it is cut. */
export interface FoundAgents {
  readonly items: readonly AgentItem[];
  readonly totalItems: number;
}

/**
 * One page of agents, filtered, sorted and cut by the store (dapi.md 3.3, 6.2).
 *
 * @throws MusterError 1400, 1401, 1405, 1406 (offset, limit), 1403 (sort), 1407, 1408, 1409, 1412 (`q`, filters),
 *   1724 (select); what the store throws
 */
export async function findAgents(context: FunctionContext, { page, filters, within }: AgentPage): Promise<FoundAgents> {
  const { offset, limit, sort, search, select, q } = page;
  checkBounds(offset, limit);
  const { rows, total } = await selectAgents(
    context.store,
    {
      fields: selectedFields(select),
      where: allOf(within, agentCondition({ filters, q, search }, context.clock.wallTime())),
      sortFields: sort === null ? [] : sortFields(sort.fields),
      ascending: sort?.ascending,
      offset,
      limit,
    },
    { signal: context.signal },
  );
  return { items: rows.map(agentItem), totalItems: total };
}

/** The id is always among them. `os` means all of its parts. */
function selectedFields(select: readonly string[] | null): readonly AgentField[] {
  if (select === null || select.length === 0) return AGENT_FIELDS;
  const isWhole = (name: string): boolean => name === "os";
  const wrong = select.filter((name) => !isAgentField(name) && !isWhole(name));
  if (wrong.length > 0) {
    throw MusterError.user(1724, `Allowed select fields: ${NAMED_FIELDS.join(", ")}. Fields ${wrong.join(", ")}`);
  }
  const parts = select.some(isWhole) ? AGENT_FIELDS.filter((field) => field.startsWith("os.")) : [];
  return ["id", ...select.filter(isAgentField), ...parts];
}

function sortFields(asked: readonly string[]): readonly AgentField[] {
  // The API sends one empty name for "by the items themselves".
  const names = asked.filter((name) => name !== "");
  const wrong = names.filter((name) => !isAgentField(name));
  if (wrong.length > 0) {
    throw MusterError.user(1403, `Allowed sort fields: ${AGENT_FIELDS.join(", ")}. Fields: ${wrong.join(", ")}`);
  }
  return names.filter(isAgentField);
}
