import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatHello, parseHello, validateNodeName } from "../../../../src/protocol/hello.js";

describe("a hello", () => {
  it("reads as its four words", () => {
    expect(parseHello(Buffer.from("worker1 wazuh worker 4.3.0"))).toEqual({
      nodeName: "worker1",
      clusterName: "wazuh",
      nodeType: "worker",
      version: "4.3.0",
    });
  });

  it("is read as it was written", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
    fc.assert(
      fc.property(name, name, name, name, (nodeName, clusterName, nodeType, version) => {
        const hello = { nodeName, clusterName, nodeType, version };
        expect(parseHello(formatHello(hello))).toEqual(hello);
      }),
    );
  });

  it.each(["", "worker1", "a b c", "a b c d e", "a  b c d", " a b c d", "a b c d ", "a b c "])(
    "of the form %j is error 1000",
    (text) => {
      expect(() => parseHello(Buffer.from(text))).toThrow(expect.objectContaining({ code: 1000 }));
    },
  );

  it("of a bad name is error 3060", () => {
    expect(() => parseHello(Buffer.from("../evil wazuh worker 4.3.0"))).toThrow(
      expect.objectContaining({ code: 3060 }),
    );
  });

  it("is not written with a word that holds a space", () => {
    const hello = { nodeName: "worker1", clusterName: "my cluster", nodeType: "worker", version: "4.3.0" };
    expect(() => formatHello(hello)).toThrow(expect.objectContaining({ code: 1000 }));
  });

  it("of any bytes is read or refused by a MusterError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(Object.keys(parseHello(Buffer.from(bytes)))).toHaveLength(4);
        } catch (error) {
          expect([1000, 3060]).toContain((error as { code: number }).code);
        }
      }),
    );
  });
});

describe("a node's name", () => {
  it.each(["worker1", "a", "...", "-", "_", "Worker-1.example_2", "x".repeat(128)])("may be %j", (name) => {
    expect(validateNodeName(name)).toBe(name);
  });

  it.each(["", ".", "..", "../evil", "a/b", "a\\b", "a b", "a\n", "\na", "wörker", "a\u0000", "x".repeat(129)])(
    "may not be %j",
    (name) => {
      expect(() => validateNodeName(name)).toThrow(expect.objectContaining({ code: 3060 }));
    },
  );

  it("is shown in its error in a form that harms no log", () => {
    expect(() => validateNodeName(`a\n${"x".repeat(5000)}`)).toThrow(/^[^\n]{1,400}$/);
  });
});
