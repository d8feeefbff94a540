import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "../FuzzTarget.js";

let folder: string | undefined;

/** A folder of this process, removed at its end. */
export function scratchFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "muster-fuzz-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

/** Every path below a folder, sorted: what may not change. */
function pathsBelow(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
}

export function mustHold(root: string, expected: readonly string[], what: string): void {
  const paths = pathsBelow(root);
  const odd = [...paths.filter((path) => !expected.includes(path)), ...expected.filter((path) => !paths.includes(path)).map((path) => `no ${path}`)];
  must(odd.length === 0, `${what}: ${odd.join(", ")}`);
}
