import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lowerOutsideQuotes, sqlRequest, sqlText } from "../../../src/agents/wazuhDb/sqlRequest.js";

describe("checking a statement", () => {
  test("lower-cases everything outside single quotes", () => {
    expect(sqlRequest("SELECT Name FROM Agent WHERE os_name = 'Ubuntu''S Best' AND ID > 1")).toEqual({
      prefix: "global sql",
      statement: "select name from agent where os_name = 'Ubuntu''S Best' and id > 1",
      kind: "select",
    });
  });

  test.each([
    ["GLOBAL SQL SELECT 1", "global sql", "select 1"],
    ["agent 001 sql delete from x", "agent 001 sql", "delete from x"],
    ["task sql update t set a = 1", "task sql", "update t set a = 1"],
    ["mitre sql select 1", "mitre sql", "select 1"],
    ["  select sql from sqlite_master  ", "global sql", "select sql from sqlite_master"],
  ])("%s", (text, prefix, statement) => {
    expect(sqlRequest(text)).toMatchObject({ prefix, statement });
  });

  test.each([
    ["insert into agent values (1)", 'Only "select", "delete" or "update" requests can be sent to WDB'],
    ["global sql insert into x values (1)", 'Only "select", "delete" or "update" requests can be sent to WDB'],
    ["", 'Only "select", "delete" or "update" requests can be sent to WDB'],
    ["select 1; delete from agent", "Found a not valid symbol in database query: ;"],
    ["select ';'", "Found a not valid symbol in database query: ;"],
    ["cars sql select 1", "The cars database is not valid"],
    ["agent x1 sql select 1", "Incorrect agent ID x1"],
    ["agent sql select 1", "Incorrect WDB request type."],
    ["global now sql select 1", "Incorrect WDB request type."],
  ])("'%s': 2004 %s", (text, message) => {
    expect(() => sqlRequest(text)).toThrow(expect.objectContaining({ code: 2004, extraMessage: message }));
  });
});

describe("literals", () => {
  test("doubles quotes", () => {
    expect(sqlText("it's")).toBe("'it''s'");
  });

  test.each(["a;b", "a\0b"])("refuses what can't be sent", (text) => {
    expect(() => sqlText(text)).toThrow(expect.objectContaining({ code: 2004 }));
  });

  test("survive lower-casing whatever they hold", () => {
    const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes(";") && !value.includes("\0"));
    fc.assert(
      fc.property(text, (value) => {
        const statement = `select * from t where x = ${sqlText(value)}`;
        expect(lowerOutsideQuotes(statement)).toBe(statement);
      }),
    );
  });
});
