import { createHash, randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeHeader } from "../../src/protocol/frame.js";
import { replay, Fuzzer } from "./Fuzzer.js";
import type { FuzzTarget } from "./FuzzTarget.js";
import { hits } from "./hits.js";
import { TARGETS } from "./targets/index.js";

/** Minutes in all for `npm run fuzz`; without them a fixed number of inputs, from a fixed seed. */
const MINUTES = process.env["MUSTER_FUZZ_MINUTES"] === undefined ? undefined : Number(process.env["MUSTER_FUZZ_MINUTES"]);
const ONLY = process.env["MUSTER_FUZZ_TARGET"];
const SEED = Number(process.env["MUSTER_FUZZ_SEED"] ?? (MINUTES === undefined ? 1 : randomInt(2 ** 31)));
const SHORT_RUN = 60;

const FOUND = new URL("../fixtures/fuzz/", import.meta.url).pathname;
const chosen = TARGETS.filter(({ name }) => ONLY === undefined || name === ONLY);

function foundCases({ name }: FuzzTarget): readonly string[] {
  const folder = join(FOUND, name);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

test("the code is instrumented, so that coverage guides and steps are counted", () => {
  hits.begin(Infinity);
  decodeHeader(Buffer.alloc(20, "-"));
  expect(hits.steps).toBeGreaterThan(0);
});

describe.each(chosen)("$name", (target) => {
  test.each(foundCases(target))("the found case %s breaks nothing any more", async (file) => {
    await replay(target, readFileSync(join(FOUND, target.name, file)));
  });

  test(`takes or refuses whatever comes, seed ${String(SEED)}`, { timeout: 3_600_000 }, async () => {
    const fuzzer = new Fuzzer(target);
    const folder = join(FOUND, target.name);
    const end = performance.now() + ((MINUTES ?? 0) * 60_000) / chosen.length;
    const goesOn = (tried: number): boolean => (MINUTES === undefined ? tried < SHORT_RUN : performance.now() < end);
    if (MINUTES !== undefined) mkdirSync(folder, { recursive: true });
    const found = await fuzzer.run(SEED, goesOn, MINUTES === undefined ? FOUND : folder);
    if (MINUTES !== undefined) console.log(`${target.name}: ${String(fuzzer.tried)} inputs, ${String(fuzzer.blocks)} blocks reached, ${String(fuzzer.kept)} inputs kept`);
    if (found !== undefined && MINUTES !== undefined) writeFileSync(join(folder, createHash("sha256").update(found.input).digest("hex").slice(0, 12)), found.input);
    expect(found === undefined ? "" : `${found.failure}\ninput: ${JSON.stringify(found.input.toString("latin1"))}`).toBe("");
  });
});
