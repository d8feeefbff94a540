import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../../../../src/protocol/errors/catalogue.js";

describe("the catalogue", () => {
  test.each([
    [3000, "Cluster"],
    [3018, "Error sending request"],
    [3020, "Timeout sending request"],
    [3021, "Timeout executing API request"],
    [3022, "Unknown node ID"],
    [3025, "Could not decrypt message"],
    [3028, "Worker node ID already exists"],
    [3050, "Payload size exceeds maximum allowed limit"],
    [1000, "Wazuh Internal Error"],
    [1701, "Agent does not exist"],
    [1724, "Not a valid select field"],
    [2003, "Error in wazuhdb request"],
    [4000, "Permission denied"],
  ])("says for %d: %s", (code, message) => {
    expect(CATALOGUE.get(code)?.message).toBe(message);
  });

  test("holds the whole range of cluster codes but the unused ones", () => {
    const unused = [3014, 3033, 3054, 3055, 3056, 3057, 3058, 3059];
    const missing = Array.from({ length: 61 }, (_, offset) => 3000 + offset).filter((code) => !CATALOGUE.has(code));
    expect(missing).toEqual(unused);
  });

  test("names every code once", async () => {
    const { readFileSync } = await import("node:fs");
    const source = readFileSync(new URL("../../../../src/protocol/errors/catalogue.ts", import.meta.url), "utf8");
    const codes = [...source.matchAll(/^ {2,4}\[?\s*(\d{3,4}),/gm)].map(([, code]) => Number(code));
    expect(codes).toHaveLength(CATALOGUE.size);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test("has a text for every code, and remediations of the manual of 4.3", () => {
    for (const { message, remediation = "" } of CATALOGUE.values()) {
      expect(message.trim()).not.toBe("");
      expect(remediation).not.toMatch(/DOC|<v>|<major/);
      for (const [link] of remediation.matchAll(/https:[^)\s]*/g)) {
        expect(link).toMatch(/^https:\/\/documentation\.wazuh\.com\/4\.3\//);
      }
    }
  });

  test("gives a remediation where something can be done", () => {
    for (const code of [1000, 3004, 3006, 3013, 3020, 3022, 3023, 3025, 3028, 3029, 3030, 3031, 3060, 4000]) {
      expect(CATALOGUE.get(code)?.remediation).toMatch(/\w/);
    }
  });
});
