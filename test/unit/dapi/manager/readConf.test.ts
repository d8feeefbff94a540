import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CLUSTER_KEY, failuresOf, nodeFixture } from "../nodeFixture.js";

/** The JSON of a configuration, or of a part of it. */
async function confOf(text: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  const node = await nodeFixture({ "etc/ossec.conf": text });
  const result = await node.call("manager:read_ossec_conf", args);
  expect(result.failedItems).toEqual([]);
  expect(result.totalAffectedItems).toBe(1);
  return result.affectedItems[0];
}

const inRoot = (...sections: readonly string[]): string => `<ossec_config>${sections.join("\n")}</ossec_config>`;

describe("sections", () => {
  test("that may stand there several times are lists, over several roots", async () => {
    const text = `${inRoot(
      "<remote><connection>secure</connection><protocol>tcp, udp</protocol></remote>",
      "<localfile><log_format>syslog</log_format></localfile>",
    )}\n<!-- a -- comment -->\n${inRoot("<localfile><log_format>json</log_format></localfile>")}`;
    expect(await confOf(text)).toEqual({
      remote: [{ connection: "secure", protocol: ["tcp", "udp"] }],
      localfile: [{ log_format: "syslog" }, { log_format: "json" }],
    });
  });

  test("that belong together are merged: lists grow, of other options the last one counts", async () => {
    const text = inRoot(
      "<global><logall>no</logall><white_list>1.1.1.1</white_list></global>",
      "<global><logall>yes</logall><white_list>2.2.2.2</white_list><white_list>::1</white_list></global>",
    );
    expect(await confOf(text)).toEqual({ global: { logall: "yes", white_list: ["1.1.1.1", "2.2.2.2", "::1"] } });
  });

  test("of which only the last one counts replace each other", async () => {
    const text = inRoot(
      "<cluster><name>old</name><port>1</port></cluster>",
      "<cluster><name>new</name><nodes><node>a</node><node>b</node></nodes></cluster>",
    );
    expect(await confOf(text)).toEqual({ cluster: { name: "new", nodes: ["a", "b"] } });
  });

  test("of wodles go by their names, unknown ones are left out", async () => {
    const text = inRoot(
      '<wodle name="syscollector"><disabled>no</disabled></wodle>',
      '<wodle name="unheard"><disabled>no</disabled></wodle>',
      "<wodle><disabled>no</disabled></wodle>",
      "<nothing><of>it</of></nothing>",
      "<__proto__><x>1</x></__proto__>",
    );
    expect(await confOf(text)).toEqual({ syscollector: { disabled: "no" } });
  });

  test("outside the root element are none", async () => {
    expect(await confOf("<agent_config><global><logall>no</logall></global></agent_config>")).toEqual({});
  });
});

describe("options", () => {
  test("are texts, or objects of attributes and lists of children", async () => {
    const text = inRoot(
      "<Alerts><Log_Alert_Level>3</Log_Alert_Level><empty/><spaces> a  b </spaces></Alerts>",
      '<syscheck><ignore type="sregex">.log$|.swp$</ignore><ignore>/etc/mtab</ignore>',
      '<directories check_all="yes" realtime="yes">/etc, /usr/bin</directories><directories>/bin</directories>',
      "<synchronization><enabled>yes</enabled><days>a,b</days></synchronization></syscheck>",
      "<auth><x><y>1</y><y>2</y><z q='r'>3</z></x></auth>",
    );
    expect(await confOf(text)).toEqual({
      alerts: { log_alert_level: "3", spaces: " a  b " },
      syscheck: {
        ignore: [{ type: "sregex", item: ".log$|.swp$" }, "/etc/mtab"],
        directories: [
          { check_all: "yes", realtime: "yes", path: "/etc" },
          { check_all: "yes", realtime: "yes", path: "/usr/bin" },
          { path: "/bin" },
        ],
        synchronization: { enabled: "yes", days: ["a", "b"] },
      },
      auth: { x: { y: ["1", "2"], z: [{ q: "r", item: "3" }] } },
    });
  });

  test("of some sections have forms of their own", async () => {
    const text = inRoot(
      "<sca><policies><policy>a.yml</policy></policies></sca>",
      '<labels><label key="group">sales</label></labels>',
      "<localfile><query>a\n      and b</query></localfile>",
      '<wodle name="open-scap"><content type="xccdf" path="x.xml"><profile>one</profile></content></wodle>',
    );
    expect(await confOf(text)).toEqual({
      sca: { policies: ["a.yml"] },
      labels: [{ label: [{ value: "sales", key: "group" }] }],
      localfile: [{ query: "aand b" }],
      "open-scap": { content: [{ type: "xccdf", path: "x.xml", profiles: [null, "one"] }] },
    });
  });

  test("may have raw and escaped characters", async () => {
    const text = inRoot(
      "<command><executable>a & b && c &amp; d</executable><x>1 &lt; 2 &gt; 0</x><y><![CDATA[<&lt;>]]></y>",
      "<z>a\\<b</z></command>",
    );
    expect(await confOf(text)).toEqual({
      command: [{ executable: "a & b && c & d", x: "1 &lt; 2 &gt; 0", y: "<&lt;>", z: "a\\<b" }],
    });
  });
});

describe("a part", () => {
  const text = inRoot(
    "<global><logall>no</logall></global>",
    "<localfile><location>a</location><only_here>1</only_here></localfile><localfile><location>b</location></localfile>",
  );

  test("is a section, or one field of it", async () => {
    expect(await confOf(text, { section: "global" })).toEqual({ global: { logall: "no" } });
    expect(await confOf(text, { section: "global", field: "logall" })).toEqual({ global: { logall: "no" } });
    expect(await confOf(text, { section: "localfile", field: "location" })).toEqual({
      localfile: [{ location: "a" }, { location: "b" }],
    });
    expect(await confOf(text, { field: "ignored" })).toHaveProperty("localfile");
  });

  test.each([
    [{ section: "nonsense" }, 1102, "Invalid section: nonsense"],
    [{ section: "constructor" }, 1102, "Invalid section: constructor"],
    [{ section: "cluster" }, 1106, "Requested section not present in configuration: cluster"],
    [{ section: "global", field: "none" }, 1103, "Invalid field in section"],
    [{ section: "global", field: "constructor" }, 1103, "Invalid field in section"],
    [{ section: "localfile", field: "only_here" }, 1103, "Invalid field in section"],
  ])("that there is not, %j, makes the node a failed item: %i", async (args, code, message) => {
    const node = await nodeFixture({ "etc/ossec.conf": text });
    const result = await node.call("manager:read_ossec_conf", args);
    expect(result.affectedItems).toEqual([]);
    expect(failuresOf(result)).toEqual([[code, message, ["node01"]]]);
    expect(result).toMatchObject({
      allMessage: "Configuration was successfully read in specified node",
      someMessage: "Could not read configuration in some nodes",
      noneMessage: "Could not read configuration in specified node",
    });
  });
});

describe("a file that can't be read", () => {
  test.each([{}, { raw: true }])("makes the node a failed item with 1101, asked %j", async (args) => {
    const broken = await nodeFixture({ "etc/ossec.conf": "<ossec_config>\n<cluster><key>hid<den</key>\n" });
    const [[code, message, ids] = []] = failuresOf(await broken.call("manager:read_ossec_conf", args)) as unknown[][];
    expect([code, ids]).toEqual([1101, ["node01"]]);
    expect(message).toMatch(/: etc\/ossec\.conf: line \d+ is not well formed$/);
    expect(message).not.toContain("den");

    await rm(join(broken.root, "etc/ossec.conf"));
    expect(failuresOf(await broken.call("manager:read_ossec_conf", args))).toEqual([
      [1101, "Requested component does not exist: etc/ossec.conf: ENOENT", ["node01"]],
    ]);
  });

  test("is named manager outside a cluster", async () => {
    const alone = await nodeFixture({ "etc/ossec.conf": "<a>" }, { cluster: { disabled: true } });
    const result = await alone.call("manager:read_ossec_conf");
    expect(result.failedItems.map(({ ids }) => ids)).toEqual([["manager"]]);
    expect(result.noneMessage).toBe("Could not read configuration");
  });
});

test("raw is the file's text with its secrets masked, all else as it is", async () => {
  const text = `<!-- mine -->\n<ossec_config>\n  <cluster>\n    <key>${CLUSTER_KEY}</key> <!-- & -->\n  </cluster>\n</ossec_config>\n`;
  const node = await nodeFixture({ "etc/ossec.conf": text });
  expect(await node.run("manager:read_ossec_conf", { raw: true })).toEqual({
    kind: "result",
    strPriority: null,
    content: { message: text.replace(CLUSTER_KEY, "********") },
  });
});
