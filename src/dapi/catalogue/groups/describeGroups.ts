import type { FunctionContext } from "../../CatalogueFunction.js";
import { type Group, SHARED_FOLDER } from "./findGroups.js";
import { type HashAlgorithm, hashOf } from "./hashAlgorithms.js";

/** A group as the API gives it: with the hashes of its files that are there (dapi.md 3.4). */
export interface GroupItem extends Group {
  readonly mergedSum?: string;
  readonly configSum?: string;
}

/** Adds to groups the hashes of their merged file and of their configuration. */
export async function describeGroups(
  { files, signal }: FunctionContext,
  groups: readonly Group[],
  algorithm: HashAlgorithm,
): Promise<readonly GroupItem[]> {
  const items: GroupItem[] = [];
  for (const group of groups) {
    signal.throwIfAborted();
    const mergedSum = await hashOf(files, `${SHARED_FOLDER}/${group.name}/merged.mg`, algorithm);
    const configSum = await hashOf(files, `${SHARED_FOLDER}/${group.name}/agent.conf`, algorithm);
    items.push({
      ...group,
      ...(mergedSum === null ? {} : { mergedSum }),
      ...(configSum === null ? {} : { configSum }),
    });
  }
  return items;
}
