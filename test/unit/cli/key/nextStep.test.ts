import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatKeyFile, parseKeyFile } from "../../../../src/cli/key/KeyFile.js";
import type { RotatedKey } from "../../../../src/cli/key/KeyFile.js";
import { nextStep } from "../../../../src/cli/key/nextStep.js";

/** A key stands for itself; its fingerprint is `#` and it. */
const fingerprintOf = (key: string): string => `#${key}`;
const keys = (...texts: string[]): RotatedKey[] =>
  texts.map((text) => {
    const [name = "", role] = text.split(":");
    return { text: name, role: role === "next" || role === "old" ? role : "plain" };
  });

function step(nodeType: "master" | "worker", own: RotatedKey[], peers: Readonly<Record<string, string>>, given?: string) {
  const status = { pid: 1, accepted: own.map(({ text }) => fingerprintOf(text)), peers, proven: null };
  const next = nextStep({ nodeType, keys: own, status, given, fingerprintOf });
  return next.kind === "write" ? next.keys.map(({ text, role }) => (role === "plain" ? text : `${text}:${role}`)).join(" ") : next.kind;
}

describe("the next step of a change of keys", () => {
  it.each<[string, string, string]>([
    ["a master begins with a new key", step("master", keys("K"), {}), "generate"],
    ["a master waits for any worker", step("master", keys("K", "N:next"), {}), "wait"],
    ["a master waits for the last worker", step("master", keys("K", "N:next"), { w1: "#N", w2: "#K" }), "wait"],
    ["a master sends with the key that all workers use", step("master", keys("K", "N:next"), { w1: "#N", w2: "#N" }), "N K:old"],
    ["a master keeps the old key while a worker sends with it", step("master", keys("N", "K:old"), { w1: "#K" }), "wait"],
    ["a master drops the old key", step("master", keys("N", "K:old"), { w1: "#N" }), "N"],
    ["a worker has nothing to begin", step("worker", keys("K"), { master: "#K" }), "wait"],
    ["a worker takes the master's new key", step("worker", keys("K"), { master: "#K" }, "N"), "N K:old"],
    ["a worker that has it already goes no further", step("worker", keys("N"), { master: "#N" }, "N"), "wait"],
    ["a worker without its master does nothing", step("worker", keys("K"), {}, "N"), "wait"],
    ["a worker keeps the old key while the master sends with it", step("worker", keys("N", "K:old"), { master: "#K" }), "wait"],
    ["a worker drops the old key", step("worker", keys("N", "K:old"), { master: "#N" }), "N"],
  ])("%s", (_what, found, expected) => {
    expect(found).toBe(expected);
  });

  it("never lets a node send with a key that the other does not accept, in whatever order the steps are taken", () => {
    const nodes = ["m", "w1", "w2"] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...nodes), { maxLength: 60 }), (order) => {
        const held: Record<string, RotatedKey[]> = { m: keys("K"), w1: keys("K"), w2: keys("K") };
        const sends = (node: string): string => held[node]?.[0]?.text ?? "";
        for (const node of order) {
          const isMaster = node === "m";
          const peers = isMaster ? { w1: `#${sends("w1")}`, w2: `#${sends("w2")}` } : { master: `#${sends("m")}` };
          const given = isMaster ? undefined : (held.m?.find(({ role }) => role === "next") ?? held.m?.[0])?.text;
          const next = nextStep({ nodeType: isMaster ? "master" : "worker", keys: held[node] ?? [], status: { pid: 1, accepted: [], peers, proven: null }, given, fingerprintOf });
          if (next.kind === "write") held[node] = [...next.keys];
          // One change is enough: a second would begin where the first one ends.
          else if (next.kind === "generate" && sends("m") === "K") held[node] = [...keys("K"), { text: "N", role: "next" }];
          for (const worker of ["w1", "w2"]) {
            expect(held.m?.map(({ text }) => text)).toContain(sends(worker));
            expect(held[worker]?.map(({ text }) => text)).toContain(sends("m"));
          }
        }
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});

it("a key file is read as it was written", () => {
  const key = fc.stringMatching(/^[A-Za-z0-9_]{32}$/);
  const rotated = fc.record({ text: key, role: fc.constantFrom("plain" as const, "next" as const, "old" as const) });
  fc.assert(
    fc.property(fc.array(rotated, { maxLength: 8 }), (written) => {
      expect(parseKeyFile(formatKeyFile(written))).toEqual(written);
    }),
    { seed: 7, numRuns: 100 },
  );
});
