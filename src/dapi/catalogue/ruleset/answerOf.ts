import { processArray, type ArrayRules, type Page } from "../../query/processArray.js";
import { affectedItems, type AffectedItemsResult, type FailedItems } from "../../results/ApiResult.js";

/** What a function says of its items (dapi.md 1.5). */
export type Messages = Pick<AffectedItemsResult, "allMessage" | "someMessage" | "noneMessage">;

/** A page of items as a result, with the total before the page was cut. */
export function answerOf(
  items: readonly unknown[],
  page: Partial<Page>,
  messages: Messages,
  { failed = [], ...rules }: ArrayRules & { readonly failed?: readonly FailedItems[] } = {},
): AffectedItemsResult {
  const { items: affected, totalItems } = processArray(items, page, rules);
  return affectedItems({ affectedItems: affected, totalAffectedItems: totalItems, failedItems: failed, ...messages });
}
