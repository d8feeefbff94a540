import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALL_MACHINES } from "../../machines/allMachines.js";
import { machinesDocument } from "../support/machinesDocument.js";

const MACHINES = new URL("../../machines/", import.meta.url);

test("every machine of machines/ is listed", () => {
  const defined = readdirSync(MACHINES).filter((name) => readFileSync(new URL(name, MACHINES), "utf8").includes("createMachine({"));
  expect(ALL_MACHINES.map(({ id }) => `${id}.ts`).sort()).toEqual(defined.sort());
});

test("docs/machines.md is current; `npm run docs:machines` writes it anew", async () => {
  await expect(machinesDocument(ALL_MACHINES)).toMatchFileSnapshot("../../docs/machines.md");
});
