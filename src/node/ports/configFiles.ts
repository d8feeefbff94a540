import { readFile, stat } from "node:fs/promises";
import type { ConfigSource } from "../../config/readNodeConfig.js";
import { resolveNodeConfig } from "../../config/resolveNodeConfig.js";
import type { ResolvedNodeConfig } from "../../config/resolveNodeConfig.js";

/** Passes over the files of a configuration: each may name further ones, as muster.yaml does the keys'. */
const MOST_PASSES = 4;

/**
 * Reads a configuration without blocking the main thread: what the reading asks for is fetched, until it asks for
 * nothing more.
 *
 * @throws ConfigurationError as `resolveNodeConfig` does
 */
export async function readConfigFiles(source: Omit<ConfigSource, "readFile" | "fileAccess">): Promise<ResolvedNodeConfig> {
  const known = new Map<string, { readonly text?: string; readonly error?: Error; readonly access?: { mode: number; owner: number } }>();
  for (let pass = 0; ; pass += 1) {
    const asked = new Set<string>();
    const fileOf = (path: string) => {
      if (!known.has(path)) asked.add(path);
      return known.get(path);
    };
    const attempt = (): ResolvedNodeConfig =>
      resolveNodeConfig({
        ...source,
        fileAccess: (path) => fileOf(path)?.access,
        readFile: (path) => {
          const { text, error } = fileOf(path) ?? {};
          if (text !== undefined) return text;
          throw error ?? Object.assign(new Error(`${path} is not read yet`), { code: "ENOENT" });
        },
      });
    let failure: unknown;
    let resolved: ResolvedNodeConfig | undefined;
    try {
      resolved = attempt();
    } catch (error) {
      failure = error;
    }
    if (asked.size === 0 || pass === MOST_PASSES) {
      if (resolved === undefined) throw failure;
      return resolved;
    }
    for (const path of asked) known.set(path, await fetchFile(path));
  }
}

async function fetchFile(path: string) {
  try {
    const { mode, uid: owner } = await stat(path);
    return { text: await readFile(path, "utf8"), access: { mode, owner } };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}
