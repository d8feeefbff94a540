import { describe, expect, test } from "vitest";
import { AgentStoreError, isAgentStoreErrorCode } from "../../../src/agents/AgentStoreError.js";
import { MAX_PAGES, pageCommand } from "../../../src/agents/pageCommand.js";
import { decodeWdbJson, decodeWdbRows } from "../../../src/agents/wazuhDb/decodeWdbJson.js";
import { expectWdbSuccess, parseWdbAnswer } from "../../../src/agents/wazuhDb/parseWdbAnswer.js";

describe("taking an answer apart", () => {
  test.each([
    ["ok", { status: "ok", payload: "" }],
    ["ok []", { status: "ok", payload: "[]" }],
    ["due [1, 2]", { status: "due", payload: "[1, 2]" }],
    ["err Some text: here", { status: "err", payload: "Some text: here" }],
    ["ign", { status: "ign", payload: "" }],
    ["unk x", { status: "unk", payload: "x" }],
  ])("%s", (text, answer) => {
    expect(parseWdbAnswer(text)).toEqual(answer);
  });

  test.each(["", "okay", "OK", " ok", "{}"])("'%s' begins with no status: 2007", (text) => {
    expect(() => parseWdbAnswer(text)).toThrow(expect.objectContaining({ code: 2007 }));
  });

  test("err becomes 2003 in the form that peers read", () => {
    let thrown: unknown;
    try {
      expectWdbSuccess("err Cannot begin transaction");
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toBe("Error 2003 - Error in wazuhdb request: Cannot begin transaction");
    expect(thrown).toMatchObject({ code: 2003, errorClass: "WazuhError" });
  });

  test.each(["ign", "unk what"])("%s becomes 2007", (text) => {
    expect(() => expectWdbSuccess(text)).toThrow(/the store answered '(ign|unk what)'/);
  });

  test("2005 is this node's failure, not the request's", () => {
    expect(new AgentStoreError(2005, "x")).toMatchObject({ errorClass: "WazuhInternalError", code: 2005 });
  });

  test("only codes of a store count as such", () => {
    expect([2003, 2009, 1000, "2003", null].map(isAgentStoreErrorCode)).toEqual([true, true, false, false, false]);
  });
});

describe("decoding payloads", () => {
  test("leaves out members that are the text (null)", () => {
    expect(decodeWdbJson('{"a":"(null)","b":["(null)"],"c":{"d":"(null)"}}')).toEqual({ b: ["(null)"], c: {} });
  });

  test("makes instants of dates, in UTC", () => {
    expect(decodeWdbJson('["2021/06/01 10:20:30"]')).toEqual([new Date("2021-06-01T10:20:30Z")]);
  });

  test.each([
    "2021/13/01 10:20:30",
    "2021/02/30 10:20:30",
    "2021/06/01 24:00:00",
    "2021-06-01 10:20:30",
    "x2021/06/01 10:20:30",
  ])("leaves '%s' a text", (text) => {
    expect(decodeWdbJson(JSON.stringify([text]))).toEqual([text]);
  });

  test.each(["", "[", "nope", "[1,]"])("'%s' is no JSON: 2006", (payload) => {
    expect(() => decodeWdbJson(payload)).toThrow(expect.objectContaining({ code: 2006 }));
  });

  test.each(["{}", "3", "null", "[1]", "[null]", "[[]]", '["2021/06/01 10:20:30"]'])(
    "'%s' is no list of rows: 2006",
    (payload) => {
      expect(() => decodeWdbRows(payload)).toThrow(expect.objectContaining({ code: 2006 }));
    },
  );

  test("does not reach the prototype", () => {
    const rows = decodeWdbRows('[{"__proto__":{"polluted":1}}]');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.keys(rows[0] ?? {})).toEqual(["__proto__"]);
  });
});

describe("paging a command", () => {
  async function paged(answers: readonly string[]): Promise<{ taken: string[]; asked: (string | null)[] }> {
    const taken: string[] = [];
    const asked: (string | null)[] = [];
    const rest = [...answers];
    await pageCommand(
      (previous) => {
        asked.push(previous);
        return "command";
      },
      () => Promise.resolve(rest.shift() ?? "err no more answers"),
      (payload) => taken.push(payload),
    );
    return { taken, asked };
  }

  test("repeats while the answer is due, and takes payloads that hold something", async () => {
    const { taken, asked } = await paged(["due [1]", "due []", "due [2]", "ok []"]);
    expect(taken).toEqual(["[1]", "[2]"]);
    expect(asked).toEqual([null, "[1]", "[]", "[2]"]);
  });

  test("takes the last answer's payload, too", async () => {
    expect((await paged(["ok [9]"])).taken).toEqual(["[9]"]);
  });

  test("an answer without a payload is none", async () => {
    expect((await paged(["ok"])).taken).toEqual([]);
  });

  test("stops at an error", async () => {
    await expect(paged(["due [1]", "err broken"])).rejects.toMatchObject({ code: 2003 });
  });

  test("gives up a store that says due for ever", async () => {
    let asked = 0;
    const endless = pageCommand(
      () => "command",
      () => {
        asked += 1;
        return Promise.resolve("due []");
      },
      () => undefined,
    );
    await expect(endless).rejects.toMatchObject({ code: 2007 });
    expect(asked).toBe(MAX_PAGES);
  });
});
