import { describe, expect, test } from "vitest";
import { licencesOf } from "../../../scripts/licences.mjs";
import { fileOf, tableBelow } from "./tables.js";

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  /** Packages whose install scripts npm may run (true) or leaves alone (false). */
  readonly allowScripts: Record<string, boolean>;
}
interface LockedPackage {
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}
interface Lock {
  readonly packages: Record<string, LockedPackage>;
}

/** Licences under which a package may come with muster. */
const PERMISSIVE = [
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "(MIT OR GPL-3.0-or-later)",
  "(MIT AND Zlib)",
  // elkjs: unmodified files for a browser, not a part of the program.
  "EPL-2.0 OR GPL-3.0-or-later",
];

const manifest = JSON.parse(fileOf("package.json")) as Manifest;
const lock = JSON.parse(fileOf("package-lock.json")) as Lock;
const ofRunTime = Object.entries(lock.packages).filter(
  ([path, entry]) => path !== "" && entry.dev !== true && entry.devOptional !== true,
);
const text = fileOf("docs/dependencies.md");
const versions = (heading: string): Record<string, string> =>
  Object.fromEntries(tableBelow(text, heading).map(([name = "", version = ""]) => [name, version]));

describe("the packages", () => {
  test("docs/dependencies.md lists those of run time with their versions", () => {
    expect(versions("## At run time")).toEqual(manifest.dependencies);
  });

  test("docs/dependencies.md lists those of development with their versions", () => {
    expect(versions("## For development")).toEqual(manifest.devDependencies);
  });

  test("docs/dependencies.md tells the licence that each package declares", () => {
    const rows = [...tableBelow(text, "## At run time"), ...tableBelow(text, "## For development")];
    const wrong = rows.filter(([name = "", , licence = ""]) => {
      const declared = lock.packages[`node_modules/${name}`]?.license ?? "";
      return !declared.replace("(", "").startsWith(licence.split(" ")[0] ?? "");
    });
    expect(wrong).toEqual([]);
  });

  test("are pinned exactly", () => {
    const pins = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(pins.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test("the lock file holds no download addresses", () => {
    const addressed = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(addressed.map(([path]) => path)).toEqual([]);
  });

  test("those of run time run no script on installation", () => {
    const scripted = ofRunTime.filter(([, entry]) => entry.hasInstallScript === true);
    const names = scripted.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    // Nothing is allowed, and what would have a script is refused one by name.
    expect(Object.fromEntries(names.map((name) => [name, false]))).toEqual(manifest.allowScripts);
  });

  test("none at all but those has one: tools work without, too", () => {
    const scripted = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript === true);
    expect(scripted.map(([path]) => path.replace(/^node_modules\//, ""))).toEqual(Object.keys(manifest.allowScripts));
  });

  test("docs/licences.md lists those of run time as the lock file has them (npm run licences)", () => {
    expect(fileOf("docs/licences.md")).toBe(licencesOf(fileOf("package-lock.json")));
  });

  test("those of run time have permissive licences", () => {
    const others = ofRunTime.filter(([, entry]) => !PERMISSIVE.includes(entry.license ?? "none"));
    expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
  });
});
