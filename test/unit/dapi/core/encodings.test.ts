import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatRequest, newRequest, parseRequest } from "../../../../src/dapi/encoding/requestJson.js";
import { decodeResult, encodeResult } from "../../../../src/dapi/encoding/resultJson.js";
import { affectedItems, wazuhResult, type ApiResult } from "../../../../src/dapi/results/ApiResult.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";

const SEED = 4;
const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/).filter((text) => text !== "__proto__");
const date = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
const plain = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), date);
const value = fc.oneof(plain, fc.array(plain, { maxLength: 4 }), fc.dictionary(name, plain, { maxKeys: 4 }).map((object) => ({ ...object })));
const record = fc.dictionary(name, value, { maxKeys: 4 }).map((object) => ({ ...object }));
const texts = fc.array(fc.string(), { maxLength: 3 });

const request = fc
  .record({
    module: fc.constantFrom("wazuh.agent", "wazuh.core.agent"),
    qualname: fc.constantFrom("get_agents", "Agent.get_agents_overview"),
    arguments: record,
    requestType: fc.constantFrom("local_any", "local_master", "distributed_master"),
    waitForComplete: fc.boolean(),
    fromCluster: fc.boolean(),
    isAsync: fc.boolean(),
    localClientArgument: fc.constantFrom(null, "lc"),
    basicServices: texts,
    currentUser: fc.string(),
    broadcasting: fc.boolean(),
    nodes: texts,
    apiTimeout: fc.constantFrom(null, 10, 0.5),
  })
  .map((members) => newRequest(members as Parameters<typeof newRequest>[0]));

const error = fc.record({ code: fc.constantFrom(1701, 1730, 4000), extra: fc.option(fc.string(), { nil: null }), ids: texts }).map(({ code, extra, ids }) =>
  MusterError.notFound(code, extra, { ids }),
);

const items = fc
  .record({ affectedItems: fc.array(value, { maxLength: 4 }), errors: fc.array(fc.tuple(error, texts), { maxLength: 2 }), more: record, total: fc.nat() })
  .map(({ affectedItems: list, errors, more, total }) =>
    affectedItems({
      affectedItems: list,
      totalAffectedItems: total,
      failedItems: errors.map(([failure, ids]) => ({ error: failure, ids })),
      more,
      allMessage: "all",
      someMessage: "some",
      noneMessage: "none",
    }),
  );
const result: fc.Arbitrary<ApiResult> = fc.oneof(items, fc.tuple(record, fc.constantFrom(null, ["a", "b"])).map(([content, priority]) => wazuhResult(content, priority)));

describe("a request as it travels", () => {
  test("is read back as it was", () => {
    fc.assert(
      fc.property(request, (given) => {
        expect(parseRequest(formatRequest(given))).toEqual(given);
      }),
      { seed: SEED },
    );
  });

  test("has defaults for what is absent", () => {
    const parsed = parseRequest('{"f": {"__callable__": {"__module__": "wazuh.agent", "__qualname__": "get_agents"}}}');
    expect(parsed).toEqual(newRequest({ module: "wazuh.agent", qualname: "get_agents" }));
  });

  test.each([
    ["no JSON", "xx", "no JSON"],
    ["no object", "[]", "needs the request as an object"],
    ["no function", "{}", "needs f as"],
    ["a name that is none", '{"f": {"__callable__": {"__module__": "os;", "__qualname__": "system"}}}', "cannot be decoded"],
    ["a text for a flag", '{"f": {"__callable__": {"__module__": "a", "__qualname__": "b"}}, "is_async": "no"}', "needs is_async as true or false"],
    ["a timeout below zero", '{"f": {"__callable__": {"__module__": "a", "__qualname__": "b"}}, "api_timeout": -1}', "needs api_timeout as"],
  ])("%s is refused with words that say what is wrong", (_what, text, said) => {
    expect(() => parseRequest(text)).toThrow(said);
  });

  test("a value that is nested without end is refused", () => {
    const deep = `${"[".repeat(200)}${"]".repeat(200)}`;
    expect(() => parseRequest(`{"f": {"__callable__": {"__module__": "a", "__qualname__": "b"}}, "f_kwargs": {"x": ${deep}}}`)).toThrow("nested too deeply");
  });
});

describe("what could not travel on", () => {
  const deep = `${"[".repeat(200)}${"]".repeat(200)}`;

  test.each(["1e999", "-1e999", deep])("in an argument, a right or a result is refused: %s", (value) => {
    const f = '{"__callable__": {"__module__": "a", "__qualname__": "b"}}';
    expect(() => parseRequest(`{"f": ${f}, "f_kwargs": {"x": ${value}}}`)).toThrow("cannot be decoded");
    expect(() => parseRequest(`{"f": ${f}, "rbac_permissions": {"x": ${value}}}`)).toThrow("cannot be decoded");
    expect(() => decodeResult(`{"x": ${value}}`)).toThrow("cannot be decoded");
  });
});

describe("a result as it travels", () => {
  test("is read back as it was, dates and errors included", () => {
    fc.assert(
      fc.property(result, (given) => {
        const read = decodeResult(encodeResult(given)) as ApiResult;
        expect(encodeResult(read)).toBe(encodeResult(given));
        if (given.kind === "result") expect(read).toEqual(given);
      }),
      { seed: SEED },
    );
  });

  test("a text that is no JSON is a message", () => {
    expect(decodeResult("hello")).toEqual(wazuhResult({ message: "hello" }));
  });

  test("a cast that nobody knows is refused", () => {
    const text = '{"__wazuh_result__": {"__class__": "AffectedItemsWazuhResult", "__object__": {"affected_items": [], "sort_casting": ["eval"]}}}';
    expect(() => decodeResult(text)).toThrow("Invalid sort_casting type 'eval'");
  });
});
