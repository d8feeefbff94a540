import { countGroupMembers } from "../../../agents/selection/selectAgents.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { denied, isAllowed } from "../../rbac/permissions.js";
import type { FailedItems } from "../../results/ApiResult.js";

/** The folder whose own folders are the groups (dapi.md 6.2). */
export const SHARED_FOLDER = "etc/shared";

/** A group, and how many agents belong to it. */
export interface Group {
  readonly name: string;
  readonly count: number;
}

/** Groups by name, and what was asked for in vain. */
export interface FoundGroups {
  readonly items: readonly Group[];
  readonly failed: readonly FailedItems[];
}

/**
 * The groups that are asked for and that the asker may see. Named ones that do not exist fail with 1710, denied ones
 * with 4000; where none are named, others than these are left out in silence.
 *
 * @param names null: all
 */
export async function findGroups(context: FunctionContext, names: readonly string[] | null): Promise<FoundGroups> {
  const existing = await groupNames(context);
  const mayRead = (name: string): boolean => isAllowed(context.request.rbacPermissions, "group:read", "group:id", name);
  const wanted = names === null ? existing : existing.filter((name) => names.includes(name));
  const counts = await countGroupMembers(context.store, { signal: context.signal });
  const items = wanted.filter(mayRead).map((name) => ({ name, count: counts.get(name) ?? 0 }));
  if (names === null) return { items, failed: [] };
  const absent = [...new Set(names)].filter((name) => !existing.includes(name));
  const refused = wanted.filter((name) => !mayRead(name));
  return {
    items,
    failed: [
      ...(absent.length === 0 ? [] : [{ error: MusterError.notFound(1710), ids: absent }]),
      ...(refused.length === 0 ? [] : [{ error: denied("group:id"), ids: refused }]),
    ],
  };
}

/** Names of all groups, sorted. */
export async function groupNames({ files }: FunctionContext): Promise<readonly string[]> {
  const entries = await files.list(SHARED_FOLDER);
  return entries
    .filter(({ isFolder }) => isFolder)
    .map(({ name }) => name)
    .sort();
}
