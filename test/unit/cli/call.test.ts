import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../../src/cli/call/parseArguments.js";
import { resultText } from "../../../src/cli/call/resultText.js";
import { CommandFailure } from "../../../src/cli/CommandFailure.js";
import { runCli } from "../../../src/cli/runCli.js";
import { affectedItems, wazuhResult } from "../../../src/dapi/results/ApiResult.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { testEnvironment } from "./testEnvironment.js";

async function muster(...args: string[]) {
  const environment = testEnvironment();
  const code = await runCli(args, environment);
  return { code, out: environment.out(), err: environment.err() };
}

describe("arguments of a call", () => {
  it("are JSON where they are JSON, and texts elsewhere", () => {
    expect(parseArguments(["limit=10", "q=id>1;name=a", "raw=true", 'agent_list=["001","002"]', "section=", "agent_id=001"])).toEqual({
      limit: 10,
      q: "id>1;name=a",
      raw: true,
      agent_list: ["001", "002"],
      section: "",
      agent_id: "001",
    });
  });

  it("have members by dots, and become lists when they come twice", () => {
    expect(parseArguments(["filters.status=active", "filters.os.name=Ubuntu", "group_list=a", "group_list=b", "group_list=c"])).toEqual({
      filters: { status: "active", os: { name: "Ubuntu" } },
      group_list: ["a", "b", "c"],
    });
  });

  it.each([
    ["limit", "--arg takes NAME=VALUE, not 'limit'"],
    ["=1", "--arg takes NAME=VALUE"],
    ["a..b=1", "the name has an empty part"],
  ])("without a right name are refused: %s", (text, message) => {
    expect(() => parseArguments([text])).toThrow(message);
  });

  it("can't be a value here and an object there", () => {
    expect(() => parseArguments(["a=1", "a.b=2"])).toThrow(/a has a value already/);
    expect(() => parseArguments(["a.b=2", "a=1"])).toThrow(/a has members already/);
  });

  it("keep any JSON value, under any name, and no prototype", () => {
    const name = fc.stringMatching(/^[a-z_]{1,12}$/).filter((text) => !Object.hasOwn({}, text));
    fc.assert(
      fc.property(name, fc.oneof(fc.boolean(), fc.integer(), fc.string(), fc.array(fc.string())), (key, value) => {
        expect(parseArguments([`${key}=${JSON.stringify(value)}`])[key]).toEqual(value);
      }),
    );
    expect(Object.getPrototypeOf(parseArguments(["__proto__.x=1"]))).toBe(Object.prototype);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it("fail as wrong usage", () => {
    expect(() => parseArguments(["x"])).toThrow(CommandFailure);
  });
});

describe("what a call prints", () => {
  const messages = { allMessage: "All", someMessage: "Some", noneMessage: "None" };

  it("is a table of small items, with what was cut and what failed", () => {
    const text = resultText(
      affectedItems({
        ...messages,
        affectedItems: [
          { id: "001", os: { name: "Debian" } },
          { id: "002", lastKeepAlive: new Date(0) },
        ],
        totalAffectedItems: 5,
        failedItems: [{ error: MusterError.notFound(1701), ids: ["099"] }],
      }),
    );
    expect(text).toContain("Some (2 of 5 shown)\n");
    expect(text).toContain("OS.NAME");
    expect(text).toContain("1970-01-01T00:00:00Z");
    expect(text).toContain("Failed: 099: Error 1701 - Agent does not exist\n");
  });

  it("is a block for a single item, and lines for a plain result", () => {
    expect(resultText(affectedItems({ ...messages, affectedItems: [{ "wazuh-db": "running", list: ["a", "b"] }] }))).toBe(
      "All\nwazuh-db: running\nlist: a, b\n",
    );
    expect(resultText(wazuhResult({ data: { enabled: "yes", nodes: [{ name: "w\n1" }] } }))).toBe(
      "data:\n  enabled: yes\n  nodes:\n    -\n      name: w\\x0a1\n",
    );
  });
});

describe("muster call", () => {
  it("lists what can be asked for", async () => {
    const { code, out } = await muster("call", "--list");
    expect(code).toBe(0);
    expect(out).toMatch(/^wazuh\.rule:get_rules +local_any$/m);
  });

  it.each([
    [[], "Name a function: MODULE:FUNCTION"],
    [["rule:get_rulez"], "There is no function 'rule:get_rulez'. muster call --list shows all"],
    [["rules:get_rules"], "Did you mean wazuh.rule:get_rules"],
    [["rule:get_rules", "--node", "w1"], "wazuh.rule:get_rules is answered by one node and takes no --node"],
  ])("refuses %j with status 2", async (args, text) => {
    const { code, err } = await muster("call", ...args, "--root", "/nonexistent/muster");
    expect(code).toBe(2);
    expect(err).toContain(text);
  });

  it("ends with status 3 where no node serves the root", async () => {
    expect((await muster("call", "rule:get_rules", "--root", "/nonexistent/muster")).code).toBe(3);
  });
});
