import { chmod, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCatalogue } from "../../../../src/dapi/catalogue/index.js";
import { ParsedFiles } from "../../../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import { CONF, failuresOf, membersOf, nodeFixture, ruleset, writeTree, type NodeFixture } from "../nodeFixture.js";

const rule = (id: number, level: number, inside = ""): string => `<rule id="${id}" level="${level}">${inside}</rule>`;
const group = (name: string, ...rules: string[]): string => `<group name="${name}">${rules.join("\n")}</group>\n`;

const TREE = {
  "etc/ossec.conf": CONF,
  "ruleset/rules/0010-rules.xml": group(
    "syslog,",
    rule(1, 0, "<description>Start</description>"),
    rule(2, 5, "<group>pci_dss_10.1,mitre_T1</group><description>Login failed</description>"),
  ),
  "ruleset/rules/0215-policy_rules.xml": group("policy,", rule(50, 12, "<description>policy</description>")),
  "etc/rules/local_rules.xml": group(
    "local,syslog,",
    rule(100001, 5, "<group>gdpr_IV</group><description>a</description>"),
  ),
  "etc/rules/.hidden.xml": group("x", rule(9, 9)),
  "etc/rules/backup.xml~": group("x", rule(9, 9)),
};

const node = (more: Readonly<Record<string, string>> = {}): Promise<NodeFixture> => nodeFixture({ ...TREE, ...more });

describe("get_rules_files", () => {
  test("gives the files of the usual folders, where ossec.conf names none", async () => {
    const result = await (await node()).call("rule:get_rules_files");
    expect(result.affectedItems).toEqual([
      { filename: "0010-rules.xml", relative_dirname: "ruleset/rules", status: "enabled" },
      { filename: "0215-policy_rules.xml", relative_dirname: "ruleset/rules", status: "enabled" },
      { filename: "local_rules.xml", relative_dirname: "etc/rules", status: "enabled" },
    ]);
    expect(result).toMatchObject({
      totalAffectedItems: 3,
      failedItems: [],
      allMessage: "All rule files were returned",
      someMessage: "Some rule files were not returned",
      noneMessage: "No rule files were returned",
    });
  });

  test("tells excluded files as disabled", async () => {
    const fixture = await node({ "etc/ossec.conf": ruleset("<rule_exclude>0215-policy_rules.xml</rule_exclude>") });
    const result = await fixture.call("rule:get_rules_files", { status: "disabled" });
    expect(membersOf(result, "filename")).toEqual(["0215-policy_rules.xml"]);
    expect((await fixture.call("rule:get_rules_files", { status: "enabled" })).totalAffectedItems).toBe(2);
    expect((await fixture.call("rule:get_rules_files", { status: "all" })).totalAffectedItems).toBe(3);
  });

  test("goes by the folders that ossec.conf names, in all of its blocks, whatever form the path has", async () => {
    const fixture = await nodeFixture({
      "own/rules/a.xml": "",
      "other/b.xml": "",
      "etc/rules/local_rules.xml": "",
      "etc/ossec.conf": `${ruleset("<rule_dir>own/rules/</rule_dir>")}\n${ruleset("<rule_dir>./other</rule_dir>", "<rule_dir>own/rules</rule_dir>")}`,
    });
    const result = await fixture.call("rule:get_rules_files");
    expect(membersOf(result, "relative_dirname")).toEqual(["own/rules", "other"]);
  });

  test("takes an absolute path below the root, and no path out of it", async () => {
    const fixture = await nodeFixture({ "own/a.xml": "" });
    await writeTree(fixture.root, {
      "etc/ossec.conf": ruleset(
        `<rule_dir>${fixture.root}/own</rule_dir>`,
        "<rule_dir>../..</rule_dir>",
        "<rule_dir>etc/../..</rule_dir>",
      ),
    });
    expect((await fixture.call("rule:get_rules_files")).affectedItems).toEqual([
      { filename: "a.xml", relative_dirname: "own", status: "enabled" },
    ]);
  });

  test("gives included files first, and each file once", async () => {
    const fixture = await node({
      "etc/ossec.conf": ruleset(
        "<rule_include>0010-rules.xml</rule_include>",
        "<rule_include>own/x.xml</rule_include>",
      ),
      "own/x.xml": "",
    });
    const result = await fixture.call("rule:get_rules_files");
    expect(membersOf(result, "filename")).toEqual([
      "0010-rules.xml",
      "x.xml",
      "0215-policy_rules.xml",
      "local_rules.xml",
    ]);
  });

  test("filters, searches, sorts and cuts", async () => {
    const fixture = await node();
    const names = async (args: Record<string, unknown>): Promise<unknown[]> =>
      membersOf(await fixture.call("rule:get_rules_files", args), "filename");
    expect(await names({ relative_dirname: "etc/rules/" })).toEqual(["local_rules.xml"]);
    expect(await names({ filename: ["local_rules.xml", "none.xml"] })).toEqual(["local_rules.xml"]);
    expect(await names({ filename: "local_rules.xml" })).toEqual(["local_rules.xml"]);
    expect(await names({ search_text: "POLICY" })).toEqual(["0215-policy_rules.xml"]);
    expect(await names({ sort_by: ["filename"], sort_ascending: false, limit: 1 })).toEqual(["local_rules.xml"]);
    expect(await names({ offset: 2 })).toEqual(["local_rules.xml"]);
  });

  test("refuses another status with 1202", async () => {
    await expect((await node()).call("rule:get_rules_files", { status: "on" })).rejects.toMatchObject({ code: 1202 });
  });

  test("says with 1200 that ossec.conf can't be read, and where", async () => {
    const broken = await node({ "etc/ossec.conf": "<ossec_config>\n<ruleset></ossec_config>" });
    await expect(broken.call("rule:get_rules_files")).rejects.toMatchObject({
      code: 1200,
      extraMessage: expect.stringContaining("etc/ossec.conf:2:") as unknown,
    });
    const absent = await node();
    await unlink(join(absent.root, "etc/ossec.conf"));
    const error: unknown = await absent.call("rule:get_rules").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 1200, extraMessage: null });
  });
});

describe("get_rules", () => {
  test("gives all rules with their files", async () => {
    const result = await (await node()).call("rule:get_rules");
    expect(membersOf(result, "id")).toEqual([1, 2, 50, 100001]);
    expect(result.affectedItems[1]).toEqual({
      filename: "0010-rules.xml",
      relative_dirname: "ruleset/rules",
      id: 2,
      level: 5,
      status: "enabled",
      details: {},
      pci_dss: ["10.1"],
      gpg13: [],
      gdpr: [],
      hipaa: [],
      nist_800_53: [],
      tsc: [],
      mitre: ["T1"],
      groups: ["syslog"],
      description: "Login failed",
    });
    expect(result).toMatchObject({
      allMessage: "All selected rules were returned",
      someMessage: "Some rules were not returned",
      noneMessage: "No rule was returned",
    });
  });

  test.each([
    [{ level: "5" }, [2, 100001]],
    [{ level: "5-12" }, [2, 50, 100001]],
    [{ level: "12-5" }, []],
    [{ group: "syslog" }, [1, 2, 100001]],
    [{ group: "sys" }, []],
    [{ pci_dss: "10.1" }, [2]],
    [{ gdpr: "IV", level: "5" }, [100001]],
    [{ mitre: "T1" }, [2]],
    [{ filename: ["local_rules.xml"] }, [100001]],
    [{ relative_dirname: "ruleset/rules" }, [1, 2, 50]],
    [{ status: "disabled" }, []],
    [{ q: "level>4;groups=syslog" }, [2, 100001]],
    [{ q: "id=1,description~policy" }, [1, 50]],
    [{ search_text: "login" }, [2]],
    [{ search_text: "login", complementary_search: true }, [1, 50, 100001]],
    [{ sort_by: ["level", "id"], sort_ascending: false }, [50, 100001, 2, 1]],
    [{ limit: 2, offset: 1 }, [2, 50]],
  ])("with %j gives %j", async (args, ids) => {
    expect(membersOf(await (await node()).call("rule:get_rules", args), "id")).toEqual(ids);
  });

  test("tells absent ids as failed items, and gives the others", async () => {
    const result = await (await node()).call("rule:get_rules", { rule_ids: [2, 77, "100001", 78] });
    expect(membersOf(result, "id")).toEqual([2, 100001]);
    expect(failuresOf(result)).toEqual([
      [1208, "The rule does not exist or you do not have permission to see it", ["77", "78"]],
    ]);
  });

  test("does not tell an id as absent that another filter leaves out", async () => {
    const result = await (await node()).call("rule:get_rules", { rule_ids: [1], level: "12" });
    expect([result.affectedItems, result.failedItems]).toEqual([[], []]);
  });

  test("selects members, and always the id", async () => {
    const result = await (await node()).call("rule:get_rules", { select: ["level"], limit: 1 });
    expect(result.affectedItems).toEqual([{ id: 1, level: 0 }]);
  });

  test.each([
    [{ level: "high" }, 1203],
    [{ level: "1-2-3" }, 1203],
    [{ level: "-5" }, 1203],
    [{ sort_by: ["details"] }, 1403],
    [{ select: ["colour"] }, 1724],
    [{ q: "level" }, 1407],
    [{ limit: 0 }, 1406],
    [{ status: "on" }, 1202],
  ])("refuses %j with %i", async (args, code) => {
    await expect((await node()).call("rule:get_rules", args)).rejects.toMatchObject({ code });
  });

  test.each([{ colour: 1 }, { rule_ids: "1" }, { rule_ids: ["x"] }, { level: [] }, { filename: 5 }])(
    "has no arguments like %j",
    (args) => {
      const catalogue = createCatalogue(new ParsedFiles(() => Promise.resolve()));
      expect(catalogue.resolve("wazuh.rule", "get_rules").schema.safeParse(args).success).toBe(false);
    },
  );

  test("leaves out a file that is not well formed, and says where", async () => {
    const fixture = await node({ "etc/rules/broken.xml": `<group name="g">\n<rule id="7" level="1">\n</group>` });
    const result = await fixture.call("rule:get_rules");
    expect(membersOf(result, "id")).toEqual([1, 2, 50, 100001]);
    expect(failuresOf(result)).toEqual([
      [
        1413,
        expect.stringMatching(/^Error reading rules file: WAZUH_HOME\/etc\/rules\/broken\.xml: .*, line 3$/),
        ["etc/rules/broken.xml"],
      ],
    ]);
  });

  test("leaves out a file with a rule without a number", async () => {
    const fixture = await node({ "etc/rules/broken.xml": group("g", rule(7, 1), `<rule level="1"/>`) });
    const result = await fixture.call("rule:get_rules");
    expect(membersOf(result, "id")).not.toContain(7);
    expect(failuresOf(result)).toEqual([
      [
        1413,
        "Error reading rules file: WAZUH_HOME/etc/rules/broken.xml: rule without an id: id must be a whole number",
        ["etc/rules/broken.xml"],
      ],
    ]);
  });

  test("does not tell a broken file that is not asked for", async () => {
    const fixture = await node({ "etc/rules/broken.xml": "<group" });
    const result = await fixture.call("rule:get_rules", { filename: ["local_rules.xml"] });
    expect([membersOf(result, "id"), result.failedItems]).toEqual([[100001], []]);
  });

  test("leaves out a file that may not be read", async () => {
    const denied = Object.assign(new Error("denied at /secret/path"), { code: "EACCES" });
    const fixture = await nodeFixture(TREE, {
      files: (real) => ({
        ...real,
        readText: (path, limits) =>
          path.endsWith("local_rules.xml") ? Promise.reject(denied) : real.readText(path, limits),
      }),
    });
    const result = await fixture.call("rule:get_rules");
    expect(failuresOf(result)).toEqual([
      [
        1207,
        "Error reading rule files, wrong permissions: WAZUH_HOME/etc/rules/local_rules.xml",
        ["etc/rules/local_rules.xml"],
      ],
    ]);
  });

  test("leaves out a link that leads out of the node's root", async () => {
    const fixture = await node();
    const outside = await nodeFixture({ "x.xml": group("g", rule(666, 1)) });
    const { symlink } = await import("node:fs/promises");
    await symlink(join(outside.root, "x.xml"), join(fixture.root, "etc/rules/link.xml"));
    expect(membersOf(await fixture.call("rule:get_rules"), "id")).not.toContain(666);
  });

  test("is silent about a file that went away after it was listed", async () => {
    const fixture = await nodeFixture(TREE, {
      files: (real) => ({
        ...real,
        stat: (path) => (path.endsWith("0010-rules.xml") ? Promise.resolve(undefined) : real.stat(path)),
      }),
    });
    const result = await fixture.call("rule:get_rules");
    expect([membersOf(result, "id"), result.failedItems]).toEqual([[50, 100001], []]);
  });

  test("stops when its request is over", async () => {
    const fixture = await nodeFixture(TREE, { signal: AbortSignal.abort(new Error("too late")) });
    await expect(fixture.call("rule:get_rules")).rejects.toThrow("too late");
  });
});

describe("between requests", () => {
  test("no file is read again", async () => {
    const fixture = await node();
    const first = await fixture.call("rule:get_rules");
    const reads = fixture.reads.length;
    const second = await fixture.call("rule:get_rules");
    expect(reads).toBe(4);
    expect(fixture.reads).toHaveLength(reads);
    expect(second.affectedItems).toEqual(first.affectedItems);
  });

  test("a file is read again after a change, although its size is the same", async () => {
    const fixture = await node();
    await fixture.call("rule:get_rules");
    const path = join(fixture.root, "etc/rules/local_rules.xml");
    await writeFile(
      path,
      group("local,syslog,", rule(100002, 5, "<group>gdpr_IV</group><description>a</description>")),
    );
    await utimes(path, 1, 1);
    expect(membersOf(await fixture.call("rule:get_rules"), "id")).toEqual([1, 2, 50, 100002]);
  });

  test("a broken file is not parsed again, and is whole after its correction", async () => {
    const fixture = await node({ "etc/rules/broken.xml": "<group" });
    await fixture.call("rule:get_rules");
    const reads = fixture.reads.length;
    expect((await fixture.call("rule:get_rules")).failedItems).toHaveLength(1);
    expect(fixture.reads).toHaveLength(reads);
    await writeFile(join(fixture.root, "etc/rules/broken.xml"), group("g", rule(8, 1)));
    const result = await fixture.call("rule:get_rules", { rule_ids: [8] });
    expect([membersOf(result, "id"), result.failedItems]).toEqual([[8], []]);
  });

  test("ossec.conf is read again after a change", async () => {
    const fixture = await node();
    await fixture.call("rule:get_rules_files");
    await writeFile(join(fixture.root, "etc/ossec.conf"), ruleset("<rule_dir>etc/rules</rule_dir>"));
    expect(membersOf(await fixture.call("rule:get_rules_files"), "filename")).toEqual(["local_rules.xml"]);
  });
});

describe("get_groups", () => {
  test("gives each group once, in order", async () => {
    const result = await (await node()).call("rule:get_groups");
    expect(result).toMatchObject({
      affectedItems: ["local", "policy", "syslog"],
      totalAffectedItems: 3,
      allMessage: "All groups in rules were returned",
    });
  });

  test("searches, sorts and cuts", async () => {
    const fixture = await node();
    const items = async (args: Record<string, unknown>): Promise<readonly unknown[]> =>
      (await fixture.call("rule:get_groups", args)).affectedItems;
    expect(await items({ search_text: "O" })).toEqual(["local", "policy", "syslog"]);
    expect(await items({ sort_by: [""], sort_ascending: false })).toEqual(["syslog", "policy", "local"]);
    expect(await items({ limit: 1, offset: 1 })).toEqual(["policy"]);
  });
});

describe("get_requirement", () => {
  test("gives the requirements of one standard", async () => {
    const result = await (await node()).call("rule:get_requirement", { requirement: "pci_dss" });
    expect(result).toMatchObject({
      affectedItems: ["10.1"],
      totalAffectedItems: 1,
      allMessage: "All selected rules were returned",
    });
  });

  test("tells another standard as a failed item", async () => {
    const result = await (await node()).call("rule:get_requirement", { requirement: "groups" });
    expect(failuresOf(result)).toEqual([[1205, "Requirement not valid: groups", ["groups"]]]);
    expect(result.failedItems[0]?.error.remediation).toContain("'nist_800_53'");
    expect(result.totalAffectedItems).toBe(0);
  });
});

test("files that only root may read are read by root alone", async () => {
  const fixture = await node();
  await chmod(join(fixture.root, "etc/rules/local_rules.xml"), 0);
  const result = await fixture.call("rule:get_rules");
  const isRoot = process.getuid?.() === 0;
  expect(membersOf(result, "id").includes(100001)).toBe(isRoot);
  expect(failuresOf(result)).toHaveLength(isRoot ? 0 : 1);
});
