import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterItems } from "../../config/ClusterItems.js";
import { classify } from "../../integrity/items.js";

/** The synchronised files of a node: path → SHA-256. Files that vanish meanwhile are left out. */
export async function treeDigest(root: string, items: ClusterItems): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const item of Object.keys(items.files)) {
    const names = await readdir(join(root, item), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of names) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name).slice(root.length + 1);
      if (classify(items, path)?.itemKey !== item) continue;
      const content = await readFile(join(root, path)).catch(() => undefined);
      if (content !== undefined) digests.set(path, createHash("sha256").update(content).digest("hex"));
    }
  }
  return digests;
}

/** Paths in which two trees differ. */
export function differingPaths(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...left.keys(), ...right.keys()])].filter((path) => left.get(path) !== right.get(path));
}
