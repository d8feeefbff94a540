import { describe, expect, test } from "vitest";
import { isErrorClass, MusterError } from "../../../../src/protocol/errors/MusterError.js";

describe("a class of errors", () => {
  test.each([
    ["WazuhException", "WazuhException", 500, false],
    ["WazuhInternalError", "Wazuh Internal Error", 500, false],
    ["WazuhError", "Bad Request", 400, true],
    ["WazuhClusterError", "Wazuh Cluster Error", 400, true],
    ["WazuhPermissionError", "Permission Denied", 403, true],
    ["WazuhResourceNotFound", "Resource Not Found", 404, true],
    ["WazuhTooManyRequests", "Too Many Requests", 429, true],
    ["WazuhNotAcceptable", "Not Acceptable", 406, true],
  ] as const)("%s has its title, status and ids", (errorClass, title, httpStatus, hasIds) => {
    const error = new MusterError(errorClass, 1000, { ids: ["001"] });
    expect(error).toMatchObject({ errorClass, title, httpStatus, hasIds, name: errorClass });
    expect(error.ids).toEqual(hasIds ? ["001"] : []);
  });

  test.each([
    ["cluster", "WazuhClusterError"],
    ["internal", "WazuhInternalError"],
    ["user", "WazuhError"],
    ["notFound", "WazuhResourceNotFound"],
    ["permission", "WazuhPermissionError"],
  ] as const)("is made by MusterError.%s", (helper, errorClass) => {
    const error = MusterError[helper](3027, "extra", { ids: [], extraRemediation: "more" });
    expect(error).toMatchObject({ errorClass, code: 3027, extraMessage: "extra", extraRemediation: "more" });
  });

  test.each(["toString", "__proto__", "constructor", "wazuherror", "", null, 5, {}])("is not named %j", (name) => {
    expect(isErrorClass(name)).toBe(false);
  });
});

describe("the message", () => {
  test.each([
    ["is the catalogue's", MusterError.cluster(3027), "Unknown received task name"],
    ["is followed by an extra text", MusterError.cluster(3027, "abc"), "Unknown received task name: abc"],
    ["ignores an empty extra text", MusterError.cluster(3027, ""), "Unknown received task name"],
    [
      "has its placeholders filled from an extra object",
      MusterError.user(1017, { node_name: "w1", not_ready_daemons: "wazuh-db->stopped" }),
      'Some Wazuh daemons are not ready yet in node "w1" (wazuh-db->stopped)',
    ],
    [
      "keeps placeholders without a value",
      MusterError.user(1017, { node_name: "w1" }),
      'Some Wazuh daemons are not ready yet in node "w1" ({not_ready_daemons})',
    ],
    [
      "fills placeholders with numbers and lists",
      MusterError.user(1017, { node_name: 5, not_ready_daemons: ["a", "b"] }),
      'Some Wazuh daemons are not ready yet in node "5" (["a","b"])',
    ],
    ["is the extra text alone for a command's error", MusterError.internal(1000, "text", { cmdError: true }), "text"],
    [
      "is the catalogue's for a command's error without text",
      MusterError.internal(1000, null, { cmdError: true }),
      "Wazuh Internal Error",
    ],
    ["is the extra text for an unknown code", MusterError.cluster(9999, "what it says"), "what it says"],
    ["says so for an unknown code without text", MusterError.cluster(9999), "Unknown error code 9999"],
  ])("%s", (_, error, message) => {
    expect(error.message).toBe(message);
  });

  test("fills no placeholder from what every object inherits", () => {
    const template = MusterError.user(1800, {});
    expect(template.message).toBe("Bad format in CDB list {path}");
  });

  test("stands behind the code in the error's text", () => {
    expect(String(MusterError.cluster(3004, "Unspecified key"))).toBe(
      "Error 3004 - Error in cluster configuration: Unspecified key",
    );
  });
});

describe("the remediation", () => {
  test.each([
    ["is the catalogue's", MusterError.cluster(3022), "Check the name of the node"],
    ["is null where the catalogue has none", MusterError.cluster(3027), null],
    [
      "is followed by an extra one",
      MusterError.cluster(3022, null, { extraRemediation: "w9" }),
      "Check the name of the node: w9",
    ],
    ["is the extra one alone without the catalogue's", MusterError.cluster(3027, null, { extraRemediation: "x" }), "x"],
    ["is null for an unknown code", MusterError.cluster(9999), null],
  ])("%s", (_, error, remediation) => {
    expect(error.remediation).toBe(remediation);
  });
});

describe("MusterError.from", () => {
  test("gives a MusterError back", () => {
    const error = MusterError.cluster(3027);
    expect(MusterError.from(error)).toBe(error);
  });

  test("makes the internal error 1000 of another error, and keeps it as the cause", () => {
    const cause = new RangeError("too far");
    const error = MusterError.from(cause);
    expect(error).toMatchObject({ errorClass: "WazuhInternalError", code: 1000, extraMessage: "too far" });
    expect(error.cause).toBe(cause);
  });

  test.each([
    ["a text", "text", "text"],
    ["an error without text", new RangeError(), "RangeError"],
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object", { a: 1 }, '{"a":1}'],
    [
      "an object that refuses",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
      "a value without text",
    ],
    ["an object whose JSON is nothing", { toJSON: () => undefined }, "an object without text"],
  ])("has a text for %s", (_, thrown, text) => {
    expect(MusterError.from(thrown).extraMessage).toBe(text);
  });
});

test("an error without a cause has no such property", () => {
  expect(Object.hasOwn(MusterError.cluster(3000), "cause")).toBe(false);
});
