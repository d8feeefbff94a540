import { getHashes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import { chooseDialect, DIALECTS, dialectById, dialectOfVersion } from "../../../../src/protocol/dialects/index.js";
import { zip43 } from "../../../../src/protocol/dialects/zip43.js";
import { zlib414 } from "../../../../src/protocol/dialects/zlib414.js";

describe("dialect 4.3-zip", () => {
  test("has the facts of the wire", () => {
    expect(zip43).toMatchObject({
      id: "4.3-zip",
      version: "4.3.0",
      requestChunk: 5 * 1024 * 1024,
      longestCommand: 11,
      fileHash: { algorithm: "md5", bytes: 16, metadataKey: "md5" },
      archive: "zip",
      differenceGroups: ["missing", "extra", "shared", "extra_valid"],
    });
  });
});

describe("dialect 4.14", () => {
  test("has the facts of the wire", () => {
    expect(zlib414).toMatchObject({
      id: "4.14",
      version: "4.14.7",
      requestChunk: 5 * 1024 * 1024,
      divides: "payload",
      clusterErrorIds: false,
      fileHash: { algorithm: "blake2b512", bytes: 64, metadataKey: "hash" },
      archive: "zlib",
      differenceGroups: ["missing", "extra", "shared"],
      rules: { integrityPermission: "oncePerIndex", agentGroups: "store" },
    });
  });

  test("has no items of group files", () => {
    expect(Object.keys(defaultClusterItems(zlib414).files)).toEqual(zip43.clusterJson.items.filter((key) => key !== "queue/agent-groups/"));
  });
});

test.each(DIALECTS)("$id can go to another thread, and is frozen", (dialect) => {
  expect(structuredClone(dialect)).toEqual(dialect);
  const isFrozen = (value: unknown): boolean =>
    typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  expect(isFrozen(dialect)).toBe(true);
});

test.each(DIALECTS)("the hash of $id is one that Node has", ({ fileHash }) => {
  expect(getHashes()).toContain(fileHash.algorithm);
});

describe("dialectById", () => {
  test("finds a dialect", () => {
    expect(dialectById("4.3-zip")).toBe(zip43);
  });

  test.each(["", "4.3", "toString", "__proto__"])("refuses '%s' and lists what there is", (id) => {
    const attempt = () => dialectById(id);
    expect(attempt).toThrow(expect.objectContaining({ code: 3004 }));
    expect(attempt).toThrow("Set one of: 4.3-zip, 4.14");
  });
});

describe("dialectOfVersion", () => {
  test.each([
    ["4.3.0", "4.3-zip"],
    ["4.3.11", "4.3-zip"],
    ["4.13.1", "4.14"],
    ["4.14.7", "4.14"],
  ])("%s belongs to %s", (version, id) => {
    expect(dialectOfVersion(version)).toMatchObject({ id, version });
  });

  test.each(["4.2.7", "4.30.1", "4.4.0", "5.0.0", "4.14", "v4.14.7", "4.14.7\n", ""])("no dialect belongs to '%s'", (version) => {
    expect(dialectOfVersion(version)).toBeUndefined();
  });
});

describe("chooseDialect", () => {
  test("takes a dialect's own version, a given one, or finds the dialect by it", () => {
    expect(chooseDialect("4.14", undefined)).toBe(zlib414);
    expect(chooseDialect("4.14", "4.14.3")).toEqual({ ...zlib414, version: "4.14.3" });
    expect(chooseDialect(undefined, "4.14.3")).toEqual({ ...zlib414, version: "4.14.3" });
    expect(chooseDialect(undefined, undefined)).toBeUndefined();
  });

  test("a dialect may be sent under any version that is one word", () => {
    expect(chooseDialect("4.14", "9.9-rc1")).toMatchObject({ id: "4.14", version: "9.9-rc1" });
    expect(() => chooseDialect("4.14", "two words")).toThrow("is one word");
  });

  test("a version alone must be a known one", () => {
    expect(() => chooseDialect(undefined, "9.9.9")).toThrow("Name the one that its nodes speak as well: 4.3-zip, 4.14");
  });
});
