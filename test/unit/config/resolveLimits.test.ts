import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/config/ConfigurationError.js";
import { DEFAULT_LIMITS } from "../../../src/config/Limits.js";
import { resolveLimits } from "../../../src/config/resolveLimits.js";

const PREFIX = "Error 3004 - Error in cluster configuration: ";

function messages(given: Readonly<Record<string, unknown>>): string[] {
  try {
    resolveLimits(given);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map((problem) => problem.message);
    throw error;
  }
  return [];
}

describe("resolveLimits", () => {
  it("gives the defaults, frozen", () => {
    expect(resolveLimits({})).toEqual(DEFAULT_LIMITS);
    expect(Object.isFrozen(resolveLimits({}))).toBe(true);
  });

  it("changes what is given and leaves the rest", () => {
    expect(resolveLimits({ helloTimeout: 0.5, inlineCryptoBytes: 0, openFiles: 1 })).toEqual({
      ...DEFAULT_LIMITS,
      helloTimeout: 0.5,
      inlineCryptoBytes: 0,
      openFiles: 1,
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["zero", { openFiles: 0 }, "limits.openFiles: 0 is not a whole number from 1 to 9007199254740991"],
    ["a fraction", { openFiles: 1.5 }, "limits.openFiles: 1.5 is not a whole number from 1 to 9007199254740991"],
    ["a text", { openStrings: "16" }, 'limits.openStrings: "16" is not a whole number from 1 to 9007199254740991'],
    [
      "a number too large to be exact",
      { archiveBytes: 2 ** 60 },
      "limits.archiveBytes: 1152921504606847000 is not a whole number from 1 to 9007199254740991",
    ],
    [
      "a hello without time",
      { helloTimeout: 0 },
      "limits.helloTimeout: 0 is not a number of seconds above 0 and up to 2147483",
    ],
    [
      "frames smaller than a peer's",
      { frameBytes: 1024 * 1024 },
      "limits.frameBytes: 1048576 is not a whole number from 5242880 to 9007199254740991",
    ],
    [
      "more before a hello than after",
      { frameBytesBeforeHello: 20 * 1024 * 1024 },
      "limits.frameBytesBeforeHello: 20971520 is above limits.frameBytes, which is 10485760",
    ],
    [
      "frames larger than messages",
      { messageBytes: 1024 },
      "limits.frameBytes: 10485760 is above limits.messageBytes, which is 1024",
    ],
    [
      "an entry larger than its archive",
      { archiveBytes: 1024 },
      "limits.archiveEntryBytes: 2147483648 is above limits.archiveBytes, which is 1024",
    ],
    [
      "pieces that don't fit into a frame",
      { transferChunkBytes: 5 * 1024 * 1024 },
      "limits.transferChunkBytes: 5242880 is more than 3931392, so that messages would have to be divided",
    ],
  ])("refuses %s", (_name, given, text) => {
    expect(messages(given)).toEqual([PREFIX + text]);
  });

  it("refuses a misspelt limit, for it would protect nothing", () => {
    expect(messages({ frame_bytes: 1 })[0]).toContain("limits.frame_bytes: unknown limit (known: helloTimeout, ");
  });

  it("names the place that it is told", () => {
    expect(() => resolveLimits({ openFiles: 0 }, "muster.yaml: limits")).toThrow("muster.yaml: limits.openFiles: 0");
  });

  it("looks at own properties only", () => {
    expect(resolveLimits(Object.create({ openFiles: 0 }) as Record<string, unknown>)).toEqual(DEFAULT_LIMITS);
  });

  it("lists all mistakes", () => {
    expect(messages({ openFiles: 0, openStrings: 0, helloTimeout: -1 })).toHaveLength(3);
  });
});
