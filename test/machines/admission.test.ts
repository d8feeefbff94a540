import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeHello, type Hello, type OwnIdentity } from "../../machines/admission.js";
import { dialectOfVersion } from "../../src/protocol/dialects/index.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { zlib414 } from "../../src/protocol/dialects/zlib414.js";

const OWN: OwnIdentity = { nodeName: "master", clusterName: "wazuh", dialect: zip43, followsWorkers: false };
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

  test("says in the log's words which versions met", () => {
    const verdict = judgeHello(OWN, { ...HELLO, version: "4.14.7" }, NOBODY);
    expect(verdict).toMatchObject({ kind: "refuse", error: { code: 3031, extraMessage: null } });
    const { hint } = verdict as { hint?: string };
    expect(hint).toContain('"4.14.7" (dialect 4.14)');
    expect(hint).toContain("4.3.0 (dialect 4.3-zip)");
  });

  test("refuses with 3060 a name that the dialect does not have, before anything else", () => {
    const own = { ...OWN, dialect: zlib414 };
    const named = (nodeName: string) => judgeHello(own, { ...HELLO, nodeName, clusterName: "other" }, NOBODY);
    for (const nodeName of ["a.b", "test/node", "test\\node", ".."]) {
      expect(named(nodeName)).toMatchObject({ kind: "refuse", error: { code: 3060 } });
    }
    expect(named("a-b_3")).toMatchObject({ error: { code: 3030 } });
    expect(judge({ nodeName: "a.b" })).toEqual({ kind: "admit" });
  });

  describe("without a setting", () => {
    const own = { ...OWN, followsWorkers: true };

    test("takes the dialect and the version of the worker that comes first", () => {
      const verdict = judgeHello(own, { ...HELLO, version: "4.14.3" }, NOBODY);
      expect(verdict).toEqual({ kind: "admit", dialect: dialectOfVersion("4.14.3") });
      expect(verdict).toMatchObject({ dialect: { id: "4.14", version: "4.14.3" } });
    });

    test("stays with it as long as a worker is connected", () => {
      const holders = new Map([["worker-2", "peer-2"]]);
      expect(judgeHello(own, { ...HELLO, version: "4.14.3" }, holders)).toMatchObject({ error: { code: 3031 } });
      expect(judgeHello(own, HELLO, holders)).toEqual({ kind: "admit" });
    });

    test("takes neither a version that it knows no dialect of, nor that of another cluster's worker", () => {
      expect(judgeHello(own, { ...HELLO, version: "5.0.0" }, NOBODY)).toMatchObject({ error: { code: 3031 } });
      expect(judgeHello(own, { ...HELLO, version: "4.14.3", clusterName: "other" }, NOBODY)).toMatchObject({ error: { code: 3030 } });
    });
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
