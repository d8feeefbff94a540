import { allOf, type AgentCondition, EVERY_AGENT, NOT_THE_MANAGER } from "../../../agents/selection/AgentCondition.js";
import { formatAgentId, parseAgentId } from "../../../agents/formatAgentId.js";
import { selectAgents } from "../../../agents/selection/selectAgents.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { allowedAgents, denied } from "../../rbac/permissions.js";
import type { FailedItems } from "../../results/ApiResult.js";

/** The agents of a request: those that it is about, and those that it names in vain. */
export interface RequestedAgents {
  readonly where: AgentCondition;
  readonly failed: readonly FailedItems[];
}

/**
 * Sorts the agents that a request names into those that are there and may be touched, those that do not exist
 * (1701) and those that are denied (4000). Without names: all that may be touched, silently (dapi.md 3.7).
 *
 * @param action for example `agent:read`
 * @param managerIs `anAgent`: row 0 is one of the agents; `refused`: asking for it is error 1703, and all agents
 *   are those without it
 */
export async function requestedAgents(
  context: FunctionContext,
  ids: readonly string[] | null,
  action: string,
  managerIs: "anAgent" | "refused",
): Promise<RequestedAgents> {
  const allowed = allowedAgents(context.request.rbacPermissions, action);
  if (ids === null) {
    return { where: managerIs === "refused" ? allOf(allowed, NOT_THE_MANAGER) : allowed, failed: [] };
  }
  const refusesManager = managerIs === "refused" && ids.some((id) => numberOf(id) === 0);
  const asked = new Map(
    ids.flatMap((id) => {
      const number = numberOf(id);
      return number === null || (number === 0 && refusesManager) ? [] : [[number, formatAgentId(number)] as const];
    }),
  );
  const within: AgentCondition = { kind: "ids", ids: [...asked.keys()] };
  const known = asked.size === 0 ? new Set<string>() : await idsOf(context, within);
  const permitted = known.size === 0 || allowed === EVERY_AGENT ? known : await idsOf(context, allOf(within, allowed));
  const absent = [...ids.filter((id) => numberOf(id) === null), ...[...asked.values()].filter((id) => !known.has(id))];
  return {
    where: { kind: "ids", ids: [...permitted].map(Number) },
    failed: [
      ...failure(MusterError.notFound(1701), absent),
      ...failure(MusterError.user(1703), refusesManager ? [formatAgentId(0)] : []),
      ...failure(
        denied("agent:id"),
        [...known].filter((id) => !permitted.has(id)),
      ),
    ],
  };
}

/** Items that share an error, or nothing when there are none. */
export function failure(error: MusterError, ids: readonly string[]): readonly FailedItems[] {
  return ids.length === 0 ? [] : [{ error, ids }];
}

async function idsOf(context: FunctionContext, where: AgentCondition): Promise<ReadonlySet<string>> {
  const { rows } = await selectAgents(context.store, { fields: ["id"], where }, { signal: context.signal });
  return new Set(rows.map(({ id }) => formatAgentId(Number(id))));
}

/** Null for a text that is no agent's id. */
function numberOf(id: string): number | null {
  return /^0{1,10}$/.test(id) ? 0 : parseAgentId(id);
}
