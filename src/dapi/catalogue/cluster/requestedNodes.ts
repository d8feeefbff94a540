import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { denied, isAllowed } from "../../rbac/permissions.js";
import type { FailedItems } from "../../results/ApiResult.js";

/** Named alone: all connected nodes. The reference's askers send their names with the request instead. */
const ALL_NODES = "*";

/** The nodes of a request: those that it is about, and those that it names in vain. */
export interface RequestedNodes {
  readonly names: readonly string[];
  readonly failed: readonly FailedItems[];
}

/**
 * Sorts the nodes that a request names into those that are connected and may be seen, those that do not exist (1730)
 * and those that are denied (4000). Without names: the nodes that came with the request, the denied ones left out
 * in silence (dapi.md 3.1, 3.7). So it is for all connected nodes, named by one `*`.
 *
 * @param names null: none are named
 * @throws MusterError 3013 when the node's cluster part does not run
 */
export async function requestedNodes(
  { cluster, request }: FunctionContext,
  names: readonly string[] | null,
): Promise<RequestedNodes> {
  if (!cluster.running) throw MusterError.user(3013);
  const { items } = await cluster.nodes({ filter_node: null, limit: null });
  const connected = new Set(items.flatMap(({ name }) => (typeof name === "string" ? [name] : [])));
  const isAll = names?.length === 1 && names[0] === ALL_NODES;
  const wanted = [...new Set(isAll ? connected : (names ?? request.nodes))];
  const mayRead = (name: string): boolean => isAllowed(request.rbacPermissions, "cluster:read", "node:id", name);
  const refused = names === null || isAll ? [] : wanted.filter((name) => !mayRead(name));
  const allowed = wanted.filter(mayRead);
  const absent = allowed.filter((name) => !connected.has(name));
  return {
    names: allowed.filter((name) => connected.has(name)),
    failed: [
      ...(absent.length === 0 ? [] : [{ error: MusterError.notFound(1730), ids: absent }]),
      ...(refused.length === 0 ? [] : [{ error: denied("node:id"), ids: refused }]),
    ],
  };
}
