import { getHashes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { DIALECTS, dialectById } from "../../../../src/protocol/dialects/index.js";
import { zip43 } from "../../../../src/protocol/dialects/zip43.js";

describe("dialect 4.3-zip", () => {
  test("has the facts of the wire", () => {
    expect(zip43).toEqual({
      id: "4.3-zip",
      version: "4.3.0",
      requestChunk: 5 * 1024 * 1024,
      longestCommand: 11,
      fileHash: { algorithm: "md5", bytes: 16, metadataKey: "md5" },
      archive: "zip",
      differenceGroups: ["missing", "extra", "shared", "extra_valid"],
    });
  });

  test("can't be changed", () => {
    expect([zip43, zip43.fileHash, zip43.differenceGroups].every((value) => Object.isFrozen(value))).toBe(true);
  });
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
    expect(attempt).toThrow("Set one of: 4.3-zip");
  });
});
