/**
 * `npm run licences`: writes docs/licences.md, the licence of every package that comes with muster, from the lock file.
 * A unit test compares the two.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isProgram, ROOT, runScript } from "./step.mjs";

const HEAD = `# Licences

Every package that is installed with muster, from package-lock.json by \`npm run licences\`; a test tells when this list is
out of date. What is chosen where a package offers several, and why each direct one is there: [dependencies.md](dependencies.md). Each
package's own text lies in its folder. muster itself: Apache-2.0.
`;

/**
 * @param {string} lockText the text of package-lock.json
 * @returns {string} docs/licences.md
 */
export function licencesOf(lockText) {
  /** @type {{ packages: Record<string, { version?: string, license?: string, dev?: boolean, devOptional?: boolean, optional?: boolean }> }} */
  const { packages } = JSON.parse(lockText);
  const all = Object.entries(packages)
    .filter(([path]) => path !== "")
    .map(([path, entry]) => ({ name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), ...entry }));
  const atRunTime = all.filter(({ dev, devOptional }) => dev !== true && devOptional !== true);
  const rows = new Set(
    atRunTime
      .sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
      .map(({ name, version = "", license = "none given", optional }) => `| ${name} | ${version} | ${license} | ${optional === true ? "where the platform has it" : ""} |`),
  );
  const counts = new Map();
  for (const { license = "none given" } of all.filter((entry) => !atRunTime.includes(entry))) counts.set(license, (counts.get(license) ?? 0) + 1);
  const tools = [...counts].sort(([one], [other]) => (one < other ? -1 : 1)).map(([licence, count]) => `| ${licence} | ${count} |`);
  return [
    HEAD,
    "## Installed with muster",
    "",
    "| package | version | licence | |",
    "|---|---|---|---|",
    ...rows,
    "",
    "## For development only",
    "",
    "| licence | packages |",
    "|---|---|",
    ...tools,
    "",
  ].join("\n");
}

if (isProgram(import.meta.filename)) {
  await runScript(async () => {
    await writeFile(join(ROOT, "docs/licences.md"), licencesOf(await readFile(join(ROOT, "package-lock.json"), "utf8")));
    process.stdout.write("docs/licences.md\n");
  });
}
