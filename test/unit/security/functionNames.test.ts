import { describe, expect, test } from "vitest";
import { createCatalogue } from "../../../src/dapi/catalogue/index.js";
import { ParsedFiles } from "../../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import type { CatalogueFunction } from "../../../src/dapi/CatalogueFunction.js";
import { parseRequest } from "../../../src/dapi/encoding/requestJson.js";
import { decodeResult, encodeResult } from "../../../src/dapi/encoding/resultJson.js";
import { decodeException } from "../../../src/protocol/errors/exceptionJson.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";

const catalogue = createCatalogue(new ParsedFiles(() => Promise.resolve()));
const callable = (more: Record<string, unknown>): string => JSON.stringify({ f: { __callable__: { __type__: "function", ...more } } });

/** What a node would run for a request's text. */
function functionFor(text: string): CatalogueFunction {
  const { module, qualname } = parseRequest(text);
  return catalogue.resolve(module, qualname);
}

/** CVE-2026-25769 and its hardening: a name in a request must not choose code (dialects.md 3.1, 3.2). */
describe("a function named by a peer", () => {
  test.each([
    ["os", "system"],
    ["subprocess", "Popen"],
    ["builtins", "eval"],
    ["builtins", "exec"],
    ["importlib", "import_module"],
    ["child_process", "execSync"],
    ["node:child_process", "execSync"],
    ["process", "exit"],
    ["wazuh", "os.system"],
    ["wazuh.core.utils", "execute"],
    ["wazuh.core.cluster.common", "as_wazuh_object"],
    ["wazuh.agent", "__import__"],
    ["wazuh.agent", "get_agents.__globals__"],
    ["wazuh.agent", "constructor"],
    ["wazuh.agent", "__proto__"],
    ["wazuh.agent", "toString"],
    ["api.util", "remove_nones_to_dict"],
    ["wazuhevil", "get_agents"],
    ["../wazuh.agent", "get_agents"],
    ["wazuh.agent\0", "get_agents"],
  ])("%s.%s is none of the catalogue: refused with 1000", (module, qualname) => {
    expect(() => functionFor(callable({ __name__: qualname, __module__: module, __qualname__: qualname }))).toThrow(expect.objectContaining({ code: 1000 }) as Error);
  });

  test.each([
    ["no names", {}],
    ["numbers", { __module__: 1, __qualname__: 2 }],
    ["lists", { __module__: ["wazuh.agent"], __qualname__: ["get_agents"] }],
    ["a bound object", { __module__: "wazuh.agent", __qualname__: "get_agents'", __wazuh__: {} }],
  ])("with %s is refused with 1000", (_, names) => {
    expect(() => functionFor(callable(names))).toThrow(expect.objectContaining({ code: 1000 }) as Error);
  });

  test("beside a marker of another kind is not looked for there", () => {
    expect(() => functionFor('{"f": {"__unhandled_exc__": {"__class__": "os.system", "__args__": ["id"]}}}')).toThrow("__callable__");
    expect(() => functionFor('{"f": "wazuh.agent.get_agents"}')).toThrow("__callable__");
  });
});

/** CVE-2025-24016: `__unhandled_exc__` names a class and its arguments; the reference evaluated it. */
describe("an object named by a peer", () => {
  const PAYLOAD = { __unhandled_exc__: { __class__: "os._exit", __args__: [1] } };

  test("in a request's arguments stays data, and no function takes it", () => {
    const { arguments: read } = parseRequest(JSON.stringify({ f: { __callable__: { __module__: "wazuh.agent", __qualname__: "get_agents" } }, f_kwargs: { agent_list: PAYLOAD } }));
    expect(read).toEqual({ agent_list: PAYLOAD });
    expect(catalogue.resolve("wazuh.agent", "get_agents").schema.safeParse(read).success).toBe(false);
  });

  test("in a result stays data, and travels on as such", () => {
    const result = decodeResult(JSON.stringify(PAYLOAD));
    expect(result).toMatchObject({ kind: "result", content: PAYLOAD });
    expect(JSON.parse(encodeResult(result))).toMatchObject({ __wazuh_result__: { __object__: { result: PAYLOAD } } });
  });

  test.each([
    ["an exception", { __wazuh_exception__: { __class__: "os._exit", __object__: { code: 1 } } }],
    ["a result", { __wazuh_result__: { __class__: "subprocess.Popen", __object__: {} } }],
    ["a prototype's class", { __wazuh_exception__: { __class__: "constructor", __object__: { code: 1 } } }],
  ])("as the class of %s is refused", (_, value) => {
    const text = JSON.stringify(value);
    const taken = ((): unknown => {
      try {
        return decodeResult(text);
      } catch (error) {
        return error;
      }
    })();
    expect(taken).toBeInstanceOf(MusterError);
    expect(taken).toMatchObject({ code: 1000 });
    // As the answer of a peer it is a text, whatever it says.
    expect(decodeException(text)).toMatchObject({ code: 3000 });
  });
});

/** The reference's `tmp_file` named a file that the master read for the asker; muster's functions have no such argument. */
test("no function takes a file's name for where its argument stands", () => {
  const takers = catalogue.entries.filter(({ schema }) => schema.safeParse({ tmp_file: "/etc/shadow" }).success);
  expect(takers.map(({ qualname }) => qualname)).toEqual([]);
});
