import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeException,
  encodeException,
  exceptionFromJson,
  exceptionObject,
} from "../../../../src/protocol/errors/exceptionJson.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";

/** An exception's JSON put together here, with any member replaced. */
function exceptionText(object: Record<string, unknown>, errorClass: unknown = "WazuhError"): string {
  return JSON.stringify({ __wazuh_exception__: { __class__: errorClass, __object__: { code: 1701, ...object } } });
}

test("a number beyond a double's range in an extra message is dropped: it could not travel on", () => {
  const error = decodeException(exceptionText({ extra_message: {} }).replace('"extra_message":{}', '"extra_message":{"a":[1e999]}'));
  expect(error).toMatchObject({ code: 1701, extraMessage: null });
});

describe("encodeException", () => {
  test("writes the keys of an error with ids in the order of the wire", () => {
    expect(encodeException(MusterError.user(1701, null, { ids: ["099"] }))).toBe(
      '{"__wazuh_exception__": {"__class__": "WazuhError", "__object__": {"type": "about:blank", ' +
        '"title": "Bad Request", "code": 1701, "extra_message": null, "extra_remediation": null, ' +
        '"cmd_error": false, "dapi_errors": {}, "ids": ["099"]}}}',
    );
  });

  test("writes no ids for an internal error", () => {
    const dapiErrors = { worker1: { error: "Timeout executing API request", logfile: "WAZUH_HOME/logs/api.log" } };
    expect(encodeException(MusterError.internal(3021, null, { dapiErrors }))).toBe(
      '{"__wazuh_exception__": {"__class__": "WazuhInternalError", "__object__": {"type": "about:blank", ' +
        '"title": "Wazuh Internal Error", "code": 3021, "extra_message": null, "extra_remediation": null, ' +
        '"cmd_error": false, "dapi_errors": {"worker1": {"error": "Timeout executing API request", ' +
        '"logfile": "WAZUH_HOME/logs/api.log"}}}}}',
    );
  });

  test("writes ids for a cluster error, as 4.3.0 does", () => {
    expect(encodeException(MusterError.cluster(3022, "worker9"))).toContain(
      '"extra_message": "worker9", "extra_remediation": null, "cmd_error": false, "dapi_errors": {}, "ids": []}',
    );
  });

  test("makes the internal error 1000 of any other error, without its stack and cause", () => {
    const text = encodeException(new Error("disk full", { cause: new Error("secret") }));
    expect(text).toContain('"__class__": "WazuhInternalError"');
    expect(text).toContain('"code": 1000, "extra_message": "disk full"');
    expect(text).not.toMatch(/secret|\.ts/);
  });

  test("keeps the cause of a MusterError to this node", () => {
    expect(encodeException(MusterError.cluster(3025, null, { cause: new Error("secret") }))).not.toContain("secret");
  });

  test("escapes what is not ASCII", () => {
    expect(encodeException(MusterError.cluster(3000, "é"))).toContain('"extra_message": "\\u00e9"');
  });

  test("gives the object alone for results that hold exceptions", () => {
    expect(Object.keys(exceptionObject(MusterError.notFound(1701)))).toEqual([
      "type",
      "title",
      "code",
      "extra_message",
      "extra_remediation",
      "cmd_error",
      "dapi_errors",
      "ids",
    ]);
  });
});

test("any error comes back as it was sent", () => {
  const details = fc.record({
    extraMessage: fc.oneof(
      fc.constant(null),
      fc.string({ unit: "binary" }),
      fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.oneof(fc.string(), fc.integer()), { noNullPrototype: true }),
    ),
    extraRemediation: fc.option(fc.string()),
    cmdError: fc.boolean(),
    dapiErrors: fc.dictionary(
      fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
      fc.oneof(fc.record({ error: fc.string() }), fc.record({ error: fc.string(), logfile: fc.string() })),
      { noNullPrototype: true },
    ),
    ids: fc.array(fc.string()),
    title: fc.string(),
  });
  const errorClass = fc.constantFrom(
    "WazuhError",
    "WazuhInternalError",
    "WazuhClusterError",
    "WazuhPermissionError" as const,
  );
  const code = fc.oneof(fc.constantFrom(1000, 1017, 3000, 3027), fc.integer({ min: 0, max: 99_999 }));
  fc.assert(
    fc.property(errorClass, code, details, (anyClass, anyCode, anyDetails) => {
      const sent = new MusterError(anyClass, anyCode, anyDetails);
      const received = decodeException(encodeException(sent));
      expect(encodeException(received)).toBe(encodeException(sent));
      expect(received.message).toBe(sent.message);
      expect(received.remediation).toBe(sent.remediation);
    }),
  );
});

describe("a text that is no exception becomes the cluster error 3000 with that text", () => {
  test.each([
    ["a plain text", "unknown command 'b'nonsense''"],
    ["nothing", ""],
    ["a number", "5"],
    ["null", "null"],
    ["a list", "[]"],
    ["another object", '{"code": 3000}'],
    ["a marker without a class", '{"__wazuh_exception__": {}}'],
    ["a marker that is null", '{"__wazuh_exception__": null}'],
    [
      "an inherited marker",
      '{"__proto__": {"__wazuh_exception__": {"__class__": "WazuhError", "__object__": {"code": 1}}}}',
    ],
    ["an unknown class", exceptionText({}, "OSError")],
    ["a class named like a member of every object", exceptionText({}, "constructor")],
    ["a class that is no text", exceptionText({}, ["WazuhError"])],
    ["a code that is a text", exceptionText({ code: "1701" })],
    ["a code that is a fraction", exceptionText({ code: 1.5 })],
    ["a code below zero", exceptionText({ code: -1 })],
    ["a code beyond any", exceptionText({ code: 1e300 })],
    ["an object that is a list", '{"__wazuh_exception__": {"__class__": "WazuhError", "__object__": []}}'],
  ])("%s", (_, text) => {
    const error = decodeException(text);
    expect(error).toBeInstanceOf(MusterError);
    expect(error).toMatchObject({ errorClass: "WazuhClusterError", code: 3000, extraMessage: text });
  });

  test("a long one is cut", () => {
    const error = decodeException("x".repeat(1_000_000));
    expect(error.extraMessage).toBe(`${"x".repeat(4096)}…`);
  });
});

describe("odd details of an exception are dropped one by one", () => {
  const decoded = (object: Record<string, unknown>): MusterError => decodeException(exceptionText(object));

  test("an unknown code is kept, with the extra message as its text", () => {
    const error = decoded({ code: 7777, extra_message: "from a later release" });
    expect(error).toMatchObject({ errorClass: "WazuhError", code: 7777, message: "from a later release" });
  });

  test("missing members have their defaults", () => {
    expect(decoded({})).toMatchObject({
      code: 1701,
      title: "Bad Request",
      extraMessage: null,
      extraRemediation: null,
      cmdError: false,
      dapiErrors: {},
      ids: [],
    });
  });

  test.each([
    ["a number", 5, "5"],
    ["a list", ["a", 1], '["a", 1]'],
    ["a truth value", true, "true"],
  ])("an extra message that is %s becomes a text", (_, value, text) => {
    expect(decoded({ extra_message: value }).extraMessage).toBe(text);
  });

  test("an extra message that is nested too deep is dropped", () => {
    const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    const text = `{"__wazuh_exception__":{"__class__":"WazuhError","__object__":{"code":1017,"extra_message":${deep}}}}`;
    const error = decodeException(text);
    expect(error.code).toBe(1017);
    expect(error.extraMessage).toBe(null);
  });

  test("an extra message with a prototype's name is dropped", () => {
    const text =
      '{"__wazuh_exception__":{"__class__":"WazuhError","__object__":{"code":1017,"extra_message":{"__proto__":{"x":1}}}}}';
    expect(decodeException(text).extraMessage).toBe(null);
  });

  test("placeholders can't reach what objects inherit", () => {
    expect(decoded({ code: 1800, extra_message: { other: 1 } }).message).toBe("Bad format in CDB list {path}");
  });

  test.each([null, 5, ["a"], {}])("an extra remediation %j is none", (value) => {
    expect(decoded({ extra_remediation: value }).extraRemediation).toBe(null);
  });

  test.each([1, "true", null, {}])("a cmd_error %j is false", (value) => {
    expect(decoded({ cmd_error: value }).cmdError).toBe(false);
  });

  test("ids that are no texts are left out", () => {
    expect(decoded({ ids: ["001", 2, null, { a: 1 }, "003"] }).ids).toEqual(["001", "003"]);
    expect(decoded({ ids: "001" }).ids).toEqual([]);
  });

  test("nodes that say nothing readable are left out", () => {
    const dapiErrors = {
      w1: { error: "x" },
      w2: null,
      w3: { error: 5 },
      w4: "text",
      w5: { error: "y", logfile: 1, more: 2 },
    };
    expect(decoded({ dapi_errors: dapiErrors }).dapiErrors).toEqual({ w1: { error: "x" }, w5: { error: "y" } });
    expect(decoded({ dapi_errors: [1] }).dapiErrors).toEqual({});
  });

  test("a node named __proto__ is left out", () => {
    const text =
      '{"__wazuh_exception__":{"__class__":"WazuhError","__object__":{"code":1,"dapi_errors":{"__proto__":{"error":"x"}}}}}';
    const { dapiErrors } = decodeException(text);
    expect(Object.getPrototypeOf(dapiErrors)).toBe(Object.prototype);
    expect(Object.keys(dapiErrors)).toEqual([]);
  });

  test("a title that is no text is the class's", () => {
    expect(decoded({ title: 5 }).title).toBe("Bad Request");
    expect(decoded({ title: "Other" }).title).toBe("Other");
  });
});

test("any JSON in any place gives a MusterError that can be sent on", () => {
  const object = fc.dictionary(
    fc.constantFrom(
      "type",
      "title",
      "code",
      "extra_message",
      "extra_remediation",
      "cmd_error",
      "dapi_errors",
      "ids",
      "__proto__",
    ),
    fc.jsonValue(),
  );
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .tuple(fc.constantFrom("WazuhError", "WazuhInternalError", "x"), fc.integer(), object)
      .map(([errorClass, code, members]) => exceptionText({ code, ...members }, errorClass)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const error = decodeException(text);
      expect(error).toBeInstanceOf(MusterError);
      expect(() => JSON.parse(encodeException(error)) as unknown).not.toThrow();
      expect(String(error)).toMatch(/^Error \d+ - /);
    }),
    { numRuns: 1000 },
  );
  expect(({} as Record<string, unknown>)["error"]).toBeUndefined();
});

describe("exceptionFromJson", () => {
  test("reads a value that was parsed already", () => {
    const value: unknown = JSON.parse(exceptionText({ code: 1701, ids: ["9"] }, "WazuhResourceNotFound"));
    expect(exceptionFromJson(value)).toMatchObject({ errorClass: "WazuhResourceNotFound", code: 1701, ids: ["9"] });
  });

  test("tells when a value is none", () => {
    expect(exceptionFromJson({ data: {} })).toBeUndefined();
    expect(exceptionFromJson("text")).toBeUndefined();
  });
});
