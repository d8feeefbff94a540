import type { NodeConfig } from "../../../config/NodeConfig.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { affectedItems, type AffectedItemsResult } from "../../results/ApiResult.js";

/** What a function of one node says of its items (dapi.md 1.5), and how its items are merged with other nodes'. */
export type NodeMessages = Pick<AffectedItemsResult, "allMessage" | "someMessage" | "noneMessage"> &
  Partial<Pick<AffectedItemsResult, "sortFields" | "sortCasting">>;

/** Under which name the node stands in results: its own in a cluster, else `manager` (dapi.md 3.2). */
export function nodeIdOf({ cluster }: NodeConfig): string {
  return cluster.disabled ? "manager" : cluster.nodeName;
}

/** A text that is appended to messages of a node in a cluster, else nothing (dapi.md 3.2). */
export function whenClustered({ cluster }: NodeConfig, text: string): string {
  return cluster.disabled ? "" : text;
}

/**
 * The items of this node as a result. An error that can belong to an item (a `WazuhError`) makes the node a failed
 * item; an internal one fails the whole request.
 *
 * @throws MusterError of a class without items, and what else `read` throws
 */
export async function itemsOfNode(
  { config }: FunctionContext,
  messages: NodeMessages,
  read: () => Promise<readonly unknown[]>,
): Promise<AffectedItemsResult> {
  try {
    return affectedItems({ affectedItems: await read(), ...messages });
  } catch (error) {
    if (!(error instanceof MusterError) || !error.hasIds) throw error;
    return affectedItems({
      affectedItems: [],
      failedItems: [{ error, ids: [nodeIdOf(config)] }],
      ...messages,
    });
  }
}
