import { describe, expect, test } from "vitest";
import { SharedResults } from "../../../src/node/master/SharedResults.js";

/** Counts what is made. */
function counted(): { readonly made: string[]; make: (value: string) => () => Promise<string> } {
  const made: string[] = [];
  return { made, make: (value) => () => (made.push(value), Promise.resolve(value)) };
}

describe("results that are shared", () => {
  test("are made once for all who ask, at the same time or later", async () => {
    const results = new SharedResults<string>(2);
    const { made, make } = counted();
    expect(await Promise.all([results.of("a", make("first")), results.of("a", make("second"))])).toEqual(["first", "first"]);
    expect(await results.of("a", make("third"))).toBe("first");
    expect(made).toEqual(["first"]);
  });

  test("are kept only as long as few others were asked for since", async () => {
    const results = new SharedResults<string>(2);
    const { made, make } = counted();
    for (const key of ["a", "b", "a", "c", "a", "b"]) await results.of(key, make(key));
    expect(made).toEqual(["a", "b", "c", "b"]);
  });

  test("that fail are their maker's failure only", async () => {
    const results = new SharedResults<string>(2);
    const { make } = counted();
    const failing = results.of("a", () => Promise.reject(new Error("the archive is gone")));
    const waiting = results.of("a", make("own"));
    await expect(failing).rejects.toThrow("the archive is gone");
    expect(await waiting).toBe("own");
    expect(await results.of("a", make("later"))).toBe("own");
  });
});
