import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import type { FuzzTarget } from "./FuzzTarget.js";
import { Fuzzer, type Found } from "./Fuzzer.js";
import { hits } from "./hits.js";

/** At most; a bug is found long before, and the seed says when. */
const INPUTS = 100_000;
const FEW_INPUTS = 2_000;
/** Numbers that no product code's blocks have. */
const BLOCK = 60_000;

async function hunt(run: FuzzTarget["run"], dictionary: readonly string[] = [], inputs = INPUTS): Promise<Found | undefined> {
  const target: FuzzTarget = { name: "planted", corpus: () => [Buffer.from("a harmless beginning")], dictionary, run };
  return await new Fuzzer(target).run(1, (tried) => tried < inputs, tmpdir());
}

describe("the fuzzer finds", () => {
  test("what only inputs reach that were kept for the way to it, and makes them small", async () => {
    const magic = Buffer.from("bug!");
    const found = await hunt((input) => {
      // Each byte more is a block of its own: chance alone would need 2^32 inputs.
      const right = magic.findIndex((byte, at) => input[at] !== byte);
      for (let at = 0; at < (right < 0 ? magic.length : right); at += 1) hits.hit(BLOCK + at);
      if (right < 0) throw new Error("planted");
    });
    expect(found?.failure).toContain("planted");
    expect(found?.input.toString()).toBe("bug!");
  });

  test("work without end, by its steps", async () => {
    const found = await hunt((input) => {
      if (!input.includes("((")) return;
      for (;;) hits.hit(BLOCK);
    }, ["("]);
    expect(found?.failure).toContain("steps");
    expect(found?.input.toString()).toBe("((");
  });

  test("the same when the code swallows what stops it", async () => {
    const found = await hunt((input) => {
      try {
        if (input.includes("((")) for (;;) hits.hit(BLOCK);
      } catch {
        return;
      }
    }, ["("]);
    expect(found?.failure).toContain("steps");
  });

  test("memory for a number that an input names", async () => {
    const found = await hunt((input) => {
      if (input.length >= 4) Buffer.alloc(Math.min(input.readUInt32BE(0), 64 * 1024 * 1024));
    });
    expect(found?.failure).toContain("allocates");
  });

  test("nothing where there is nothing", async () => {
    expect(await hunt((input) => void input.toString(), [], FEW_INPUTS)).toBeUndefined();
  });
});
