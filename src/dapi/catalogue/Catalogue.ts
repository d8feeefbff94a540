import { MusterError } from "../../protocol/errors/MusterError.js";
import type { CatalogueFunction } from "../CatalogueFunction.js";

/** How much of a name from the wire an error repeats, in characters. */
const QUOTED_CHARACTERS = 128;

/** Packages whose functions a peer may name at all (dapi.md 2, callable). */
const PACKAGES: ReadonlySet<string> = new Set(["wazuh", "api"]);

/**
 * The functions that may be asked for, by module and qualified name. Nothing is ever looked up, imported or made from
 * a name of the wire anywhere else.
 */
export class Catalogue {
  readonly entries: readonly CatalogueFunction[];
  private readonly byName: ReadonlyMap<string, CatalogueFunction>;

  /** @throws Error when two functions have the same name: a mistake of this program */
  constructor(...subjects: readonly (readonly CatalogueFunction[])[]) {
    this.entries = Object.freeze(subjects.flat());
    const byName = new Map<string, CatalogueFunction>();
    for (const entry of this.entries) {
      const key = keyOf(entry.module, entry.qualname);
      if (byName.has(key)) throw new Error(`The catalogue has ${key} twice.`);
      byName.set(key, entry);
    }
    this.byName = byName;
  }

  find(module: string, qualname: string): CatalogueFunction | undefined {
    return this.byName.get(keyOf(module, qualname));
  }

  /** The function of this name. @throws MusterError 1000 as the reference refuses one (dapi.md 2, callable) */
  resolve(module: string, qualname: string): CatalogueFunction {
    const found = this.find(module, qualname);
    if (found !== undefined) return found;
    const [packageName = ""] = module.split(".");
    const text = PACKAGES.has(packageName)
      ? `Function '${quoted(qualname)}' from module '${quoted(module)}' is not exposed with @dapi_allower decorator`
      : `Decoding callable from module '${quoted(module)}' is not allowed`;
    throw MusterError.internal(1000, text, { cmdError: true });
  }
}

function keyOf(module: string, qualname: string): string {
  return `${module}:${qualname}`;
}

function quoted(name: string): string {
  return name.slice(0, QUOTED_CHARACTERS);
}
