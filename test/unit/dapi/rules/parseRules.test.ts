import { describe, expect, test } from "vitest";
import { parseRules, RuleError } from "../../../../src/dapi/catalogue/rules/parseRules.js";
import type { ParsedRule } from "../../../../src/dapi/catalogue/rules/Rule.js";
import { readXml } from "../../../../src/dapi/catalogue/ruleset/XmlElement.js";

async function rulesOf(text: string): Promise<readonly ParsedRule[]> {
  return parseRules(await readXml(text, () => Promise.resolve()));
}

/** The only rule of a group `syslog,` with these elements. */
async function ruleOf(inside: string, before = ""): Promise<ParsedRule | undefined> {
  return (await rulesOf(`${before}<group name="syslog,"><rule id="100" level="3">${inside}</rule></group>`))[0];
}

describe("a rule", () => {
  test("has its number, level, description and groups", async () => {
    expect(await ruleOf("<description>Hello </description><description>there</description>")).toEqual({
      id: 100,
      level: 3,
      details: {},
      pci_dss: [],
      gpg13: [],
      gdpr: [],
      hipaa: [],
      nist_800_53: [],
      tsc: [],
      mitre: [],
      groups: ["syslog"],
      description: "Hello there",
    });
  });

  test("keeps its other attributes", async () => {
    const [rule] = await rulesOf(`<group name="g"><rule id="007" level="0" noalert="1" overwrite="yes"/></group>`);
    expect(rule).toMatchObject({ id: 7, level: 0, details: { noalert: "1", overwrite: "yes" } });
  });

  test("puts its own groups first, without spaces and empty ones", async () => {
    const rule = await ruleOf("<group>a, b,\n c,,</group><group>d</group>");
    expect(rule?.groups).toEqual(["a", "b", "c", "d", "syslog"]);
  });

  test("tells requirements from groups, each once", async () => {
    const rule = await ruleOf(
      "<group>pci_dss_10.6.1,pci_dss_10.6.1,gpg13_4.3,gdpr_IV_35.7.d,hipaa_164.312.b,nist_800_53_AU.6,tsc_CC6.1,tscx,own</group>",
    );
    expect(rule).toMatchObject({
      pci_dss: ["10.6.1"],
      gpg13: ["4.3"],
      gdpr: ["IV_35.7.d"],
      hipaa: ["164.312.b"],
      nist_800_53: ["AU.6"],
      tsc: ["CC6.1"],
      groups: ["tscx", "own", "syslog"],
    });
  });

  test("names its MITRE techniques", async () => {
    const rule = await ruleOf("<mitre>\n<id>T1110</id><id> T1021.004 </id></mitre>");
    expect(rule?.mitre).toEqual(["T1110", "T1021.004"]);
  });

  test("has plain elements as texts, several of one name as a list", async () => {
    const rule = await ruleOf(
      "<if_sid>1, 2</if_sid><options>a</options><options>b</options><options>c</options><if_fts />",
    );
    expect(rule?.details).toEqual({ if_sid: "1, 2", options: ["a", "b", "c"], if_fts: "" });
  });

  test("has patterns with their attributes, joined when there are several", async () => {
    const rule = await ruleOf(
      `<match type="pcre2">a|</match><match negate="yes">b</match><srcport>22</srcport><regex>\\d & < x</regex>`,
    );
    expect(rule?.details).toEqual({
      match: { pattern: "a|b", negate: "yes" },
      srcport: { pattern: "22" },
      regex: { pattern: "\\d & < x" },
    });
  });

  test("has fields by the names that they look at", async () => {
    const rule = await ruleOf(`<field name="audit.exe" type="osregex">/bin</field><field>x</field>`);
    expect(rule?.details).toEqual({ "audit.exe": { pattern: "/bin", type: "osregex" }, field: { pattern: "x" } });
  });

  test("has lists and infos with their attributes", async () => {
    const rule = await ruleOf(
      `<list field="user" lookup="match_key">etc/lists/a</list><info type="cve">1</info><info type="link">2</info>`,
    );
    expect(rule?.details).toEqual({
      list: { name: "etc/lists/a", field: "user", lookup: "match_key" },
      info: [
        { name: "1", type: "cve" },
        { name: "2", type: "link" },
      ],
    });
  });

  test("has the text of a variable where a pattern names one", async () => {
    const rule = await ruleOf(
      "<match>$BAD</match><url>$UNKNOWN</url><if_sid>$BAD</if_sid>",
      `<var name="BAD">old</var><var name="BAD">core_dumped|failure</var>`,
    );
    expect(rule?.details).toEqual({
      match: { pattern: "core_dumped|failure" },
      url: { pattern: "$UNKNOWN" },
      if_sid: "$BAD",
    });
  });

  test("can have no detail that changes what objects inherit", async () => {
    const rule = await ruleOf(`<field name="__proto__">x</field><__proto__>y</__proto__>`);
    expect(Object.getPrototypeOf(rule?.details)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).pattern).toBeUndefined();
  });

  test("outside of a group is none", async () => {
    expect(await rulesOf(`<rule id="1" level="1"/><decoder name="x"/><group name="g"><var name="x"/></group>`)).toEqual(
      [],
    );
  });

  test.each([
    [`<rule level="1"/>`, "rule without an id: id must be a whole number"],
    [`<rule id="x" level="1"/>`, "rule 'x': id must be a whole number"],
    [`<rule id="5"/>`, "rule '5': level must be a whole number"],
    [`<rule id="5" level="-1"/>`, "rule '5': level must be a whole number"],
    [`<rule id="99999999999999999" level="1"/>`, "rule '99999999999999999': id must be a whole number"],
  ])("%s is refused: %s", async (rule, message) => {
    await expect(rulesOf(`<group name="g">${rule}</group>`)).rejects.toThrow(new RuleError(message));
  });
});
