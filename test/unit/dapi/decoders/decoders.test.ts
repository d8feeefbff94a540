import { describe, expect, test } from "vitest";
import { parseDecoders, type ParsedDecoder } from "../../../../src/dapi/catalogue/decoders/parseDecoders.js";
import { readXml } from "../../../../src/dapi/catalogue/ruleset/XmlElement.js";
import { failuresOf, membersOf, nodeFixture, ruleset, type NodeFixture } from "../nodeFixture.js";

async function decodersOf(text: string): Promise<readonly ParsedDecoder[]> {
  return parseDecoders(await readXml(text, () => Promise.resolve()));
}

describe("a decoder", () => {
  test("has its name, its place in the file and its details", async () => {
    const decoders = await decodersOf(`
      <var name="x">y</var>
      <decoder name="sshd"><program_name>^sshd</program_name></decoder>
      <decoder name="sshd-ok" status="on">
        <parent>sshd</parent>
        <prematch offset="after_parent">^Accepted</prematch>
        <regex offset="after_prematch" type="pcre2">^ \\S+ </regex>
        <regex>for (\\S+)</regex>
        <order>user, srcip</order>
        <use_own_name />
      </decoder>`);
    expect(decoders).toEqual([
      { name: "sshd", position: 0, details: { program_name: { pattern: "^sshd" } } },
      {
        name: "sshd-ok",
        position: 1,
        details: {
          status: "on",
          parent: "sshd",
          prematch: { pattern: "^Accepted", offset: "after_parent" },
          regex: { pattern: "^ \\S+ for (\\S+)" },
          order: "user, srcip",
          use_own_name: null,
        },
      },
    ]);
  });

  test("without a name is refused with its place", async () => {
    await expect(decodersOf(`<decoder name="a"/><decoder/>`)).rejects.toThrow("decoder 2 has no name");
  });
});

const TREE = {
  "etc/ossec.conf": ruleset("<decoder_exclude>0020-off.xml</decoder_exclude>"),
  "ruleset/decoders/0010-sshd.xml": `<decoder name="sshd"><program_name>sshd</program_name></decoder>
    <decoder name="sshd-ok"><parent>sshd</parent><order>user</order></decoder>`,
  "ruleset/decoders/0020-off.xml": `<decoder name="off"><prematch>x</prematch></decoder>`,
  "etc/decoders/local_decoder.xml": `<decoder name="x"><program_name>x</program_name></decoder><decoder name="sshd-ok"/>`,
};

const node = (more: Readonly<Record<string, string>> = {}): Promise<NodeFixture> => nodeFixture({ ...TREE, ...more });

describe("get_decoders", () => {
  test("gives all decoders with their files", async () => {
    const result = await (await node()).call("decoder:get_decoders");
    expect(membersOf(result, "name")).toEqual(["sshd", "sshd-ok", "off", "x", "sshd-ok"]);
    expect(membersOf(result, "position")).toEqual([0, 1, 0, 0, 1]);
    expect(result.affectedItems[2]).toEqual({
      filename: "0020-off.xml",
      relative_dirname: "ruleset/decoders",
      status: "disabled",
      name: "off",
      position: 0,
      details: { prematch: { pattern: "x" } },
    });
    expect(result).toMatchObject({
      allMessage: "All selected decoders were returned",
      someMessage: "Some decoders were not returned",
      noneMessage: "No decoder was returned",
    });
  });

  test.each([
    [{ parents: true }, ["sshd", "off", "x", "sshd-ok"]],
    [{ parents: false }, ["sshd", "sshd-ok", "off", "x", "sshd-ok"]],
    [{ names: ["sshd-ok"] }, ["sshd-ok", "sshd-ok"]],
    [{ names: "x" }, ["x"]],
    [{ status: "disabled" }, ["off"]],
    [{ filename: ["local_decoder.xml"], names: ["sshd-ok"] }, ["sshd-ok"]],
    [{ relative_dirname: "etc/decoders" }, ["x", "sshd-ok"]],
    [{ q: "details.parent=sshd" }, ["sshd-ok"]],
    [{ q: "position>0;filename~local" }, ["sshd-ok"]],
    [{ search_text: "USER" }, ["sshd-ok"]],
    [{ sort_by: ["name"], sort_ascending: false, limit: 2 }, ["x", "sshd-ok"]],
  ])("with %j gives %j", async (args, names) => {
    expect(membersOf(await (await node()).call("decoder:get_decoders", args), "name")).toEqual(names);
  });

  test("tells absent names as failed items", async () => {
    const result = await (await node()).call("decoder:get_decoders", { names: ["sshd", "ghost"] });
    expect(membersOf(result, "name")).toEqual(["sshd"]);
    expect(failuresOf(result)).toEqual([
      [1504, "The decoder does not exist or you do not have permission to see it", ["ghost"]],
    ]);
  });

  test("selects members, and always the file and the place", async () => {
    const result = await (await node()).call("decoder:get_decoders", { select: ["details.order"] });
    expect(result.affectedItems).toEqual([{ filename: "0010-sshd.xml", position: 1, details: { order: "user" } }]);
  });

  test("leaves out a broken file, and says where", async () => {
    const fixture = await node({ "etc/decoders/broken.xml": `<decoder name="a">\n<regex>x</regexp>\n</decoder>` });
    const result = await fixture.call("decoder:get_decoders");
    expect(result.totalAffectedItems).toBe(5);
    expect(failuresOf(result)).toEqual([
      [1501, expect.stringMatching(/WAZUH_HOME\/etc\/decoders\/broken\.xml: .*, line 2$/), ["etc/decoders/broken.xml"]],
    ]);
  });

  test("leaves out a file that can't be read, without the system's own words", async () => {
    const fixture = await nodeFixture(TREE, {
      files: (real) => ({
        ...real,
        readText: (path, limits) =>
          path.endsWith("0020-off.xml")
            ? Promise.reject(new Error("EIO at /machine/path"))
            : real.readText(path, limits),
      }),
    });
    expect(failuresOf(await fixture.call("decoder:get_decoders"))).toEqual([
      [
        1502,
        "Error reading decoders file: WAZUH_HOME/ruleset/decoders/0020-off.xml",
        ["ruleset/decoders/0020-off.xml"],
      ],
    ]);
  });

  test.each([
    [{ sort_by: ["details"] }, 1403],
    [{ status: "on" }, 1202],
    [{ q: "name>=x" }, 1409],
    [{ offset: -1 }, 1400],
  ])("refuses %j with %i", async (args, code) => {
    await expect((await node()).call("decoder:get_decoders", args)).rejects.toMatchObject({ code });
  });
});

describe("get_decoders_files", () => {
  test("gives the files with their status", async () => {
    const result = await (await node()).call("decoder:get_decoders_files");
    expect(result.affectedItems).toEqual([
      { filename: "0010-sshd.xml", relative_dirname: "ruleset/decoders", status: "enabled" },
      { filename: "0020-off.xml", relative_dirname: "ruleset/decoders", status: "disabled" },
      { filename: "local_decoder.xml", relative_dirname: "etc/decoders", status: "enabled" },
    ]);
    expect(result).toMatchObject({
      allMessage: "All decoder files were returned",
      someMessage: "Some decoder files were not returned",
      noneMessage: "No decoder files were returned",
    });
  });

  test("reads no decoder file for it", async () => {
    const fixture = await node();
    await fixture.call("decoder:get_decoders_files");
    expect(fixture.reads).toEqual(["etc/ossec.conf"]);
  });

  test("says with 1500 that ossec.conf can't be read", async () => {
    const fixture = await node({ "etc/ossec.conf": "<ossec_config>" });
    await expect(fixture.call("decoder:get_decoders_files")).rejects.toMatchObject({
      code: 1500,
      errorClass: "WazuhInternalError",
    });
  });
});
