import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeHello, type Hello, type OwnIdentity } from "../../machines/admission.js";

const OWN: OwnIdentity = { nodeName: "master", clusterName: "wazuh", version: "4.3.0" };
const HELLO: Hello = { nodeName: "worker-1", clusterName: "wazuh", nodeType: "worker", version: "4.3.0" };
const NOBODY = new Map<string, string>();

const judge = (change: Partial<Hello>, holders: ReadonlyMap<string, string> = NOBODY): unknown => {
  const verdict = judgeHello(OWN, { ...HELLO, ...change }, holders);
  return verdict.kind === "refuse" ? verdict.error.code : verdict;
};

describe("judgeHello", () => {
  test("admits a worker of this cluster and version", () => {
    expect(judge({})).toEqual({ kind: "admit" });
  });

  test("refuses the master's own name with 3029", () => {
    expect(judge({ nodeName: "master" })).toBe(3029);
  });

  test("refuses another cluster with 3030", () => {
    expect(judge({ clusterName: "other" })).toBe(3030);
  });

  test.each(["4.2.0", "4.3.1", "4.3", "", "v4.3.0"])("refuses version %j with 3031", (version) => {
    expect(judge({ version })).toBe(3031);
  });

  test("compares names exactly", () => {
    expect(judge({ nodeName: "Master" })).toEqual({ kind: "admit" });
    expect(judge({ clusterName: "wazuh " })).toBe(3030);
  });

  test("a name in use is probed at its holder before anything is refused with 3028", () => {
    expect(judge({}, new Map([["worker-1", "peer-7"]]))).toEqual({ kind: "probe", holder: "peer-7" });
  });

  test("a name in use by a worker of another version is not probed: the hello is refused in any case", () => {
    expect(judge({ version: "4.2.0" }, new Map([["worker-1", "peer-7"]]))).toBe(3031);
  });

  test("names that every object has are names like others", () => {
    expect(judge({ nodeName: "constructor" })).toEqual({ kind: "admit" });
    expect(judge({ nodeName: "__proto__" })).toEqual({ kind: "admit" });
  });

  test("admits exactly those who are in this cluster, of this version, and under a name of their own", () => {
    const names = fc.constantFrom("master", "worker-1", "worker-2");
    const holders = fc.uniqueArray(names, { maxLength: 3 });
    const hello = fc.record({
      nodeName: names,
      clusterName: fc.constantFrom("wazuh", "other"),
      version: fc.constantFrom("4.3.0", "4.2.0"),
    });
    fc.assert(
      fc.property(hello, holders, (change, taken) => {
        const verdict = judge(change, new Map(taken.map((name) => [name, `peer of ${name}`])));
        const isSound = change.nodeName !== "master" && change.clusterName === "wazuh" && change.version === "4.3.0";
        const isFree = !taken.includes(change.nodeName);
        expect(typeof verdict === "number").toBe(!isSound);
        if (isSound) expect(verdict).toMatchObject({ kind: isFree ? "admit" : "probe" });
      }),
    );
  });
});
