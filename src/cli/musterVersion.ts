import { readFileSync } from "node:fs";

/**
 * muster's version: that of the nearest package.json above this file (sources and build lie at different
 * depths below it).
 */
export function musterVersion(): string {
  for (let folder = new URL(".", import.meta.url); ; folder = new URL("..", folder)) {
    const version = versionIn(new URL("package.json", folder));
    if (version !== undefined) return version;
    if (folder.pathname === "/") throw new Error("muster's package.json is missing. Install muster again.");
  }
}

function versionIn(file: URL): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const json: unknown = JSON.parse(text);
  if (typeof json !== "object" || json === null || !("version" in json)) return undefined;
  return typeof json.version === "string" ? json.version : undefined;
}
