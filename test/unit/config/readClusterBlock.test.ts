import { describe, expect, it } from "vitest";
import { DEFAULT_CLUSTER_VALUES, readClusterBlock } from "../../../src/config/readClusterBlock.js";

const FILE = "/node/etc/ossec.conf";
const read = (block: string) => readClusterBlock(`<ossec_config>\n${block}\n</ossec_config>`, FILE);

describe("the <cluster> block's defaults", () => {
  it("hold with the cluster off when there is no block", () => {
    const reading = readClusterBlock("<ossec_config><global/></ossec_config>", FILE);
    expect(reading.values).toEqual({ ...DEFAULT_CLUSTER_VALUES, disabled: true });
    expect(reading.block).toBeUndefined();
  });

  it("are the reference's", () => {
    expect(read("<cluster/>").values).toEqual({
      name: "wazuh",
      nodeName: "node01",
      nodeType: "master",
      key: "",
      port: 1516,
      bindAddress: "0.0.0.0",
      nodes: ["NODE_IP"],
      hidden: "no",
      disabled: false,
      extra: {},
    });
  });

  it("turn the cluster on when the block says nothing about it", () => {
    expect(read("<cluster><name>x</name></cluster>").values.disabled).toBe(false);
  });

  it("hold for empty elements", () => {
    const { values, positions } = read(
      "<cluster><name></name><port/><key> </key><disabled>\n</disabled><nodes/><node_type/></cluster>",
    );
    expect(values).toEqual(DEFAULT_CLUSTER_VALUES);
    expect(positions).toEqual({});
  });

  it("hold when the block stands outside of ossec_config", () => {
    expect(readClusterBlock("<cluster><name>x</name></cluster>", FILE).values.disabled).toBe(true);
  });
});

describe("the <cluster> block's values", () => {
  it("are read with the places where they stand", () => {
    const reading = read(`  <cluster>
    <name>production</name>
    <node_name>master-node</node_name>
    <node_type>worker</node_type>
    <key>9d273b53510fef702b54a92e9cffc82e</key>
    <port>1600</port>
    <bind_addr>10.0.0.1</bind_addr>
    <nodes>
      <node>10.0.0.2</node>
    </nodes>
    <hidden>yes</hidden>
    <disabled>yes</disabled>
  </cluster>`);
    expect(reading.values).toEqual({
      name: "production",
      nodeName: "master-node",
      nodeType: "worker",
      key: "9d273b53510fef702b54a92e9cffc82e",
      port: 1600,
      bindAddress: "10.0.0.1",
      nodes: ["10.0.0.2"],
      hidden: "yes",
      disabled: true,
      extra: {},
    });
    expect(reading.block).toEqual({ line: 2, column: 3 });
    expect(reading.positions).toMatchObject({
      name: { line: 3, column: 5 },
      key: { line: 6 },
      nodes: { line: 9 },
      disabled: { line: 13 },
    });
    expect([...reading.problems, ...reading.warnings]).toEqual([]);
  });

  it("are those of the last block alone, with a warning", () => {
    const reading = readClusterBlock(
      "<ossec_config><cluster><name>first</name><port>1600</port></cluster></ossec_config>\n<ossec_config><cluster><name>second</name></cluster></ossec_config>",
      FILE,
    );
    expect(reading.values).toMatchObject({ name: "second", port: 1516 });
    expect(reading.warnings).toEqual([`Found 2 <cluster> blocks. Using the last one. (<cluster>, ${FILE}:2)`]);
  });

  it("are the last of several equal elements, with a warning", () => {
    const reading = read("<cluster><name>first</name>\n<name>second</name></cluster>");
    expect(reading.values.name).toBe("second");
    expect(reading.warnings).toEqual([`Found more than one 'name' element. Using the last one. (<name>, ${FILE}:3)`]);
  });

  it("let a later right element replace a wrong one", () => {
    const reading = read("<cluster><port>x</port><port>1700</port></cluster>");
    expect(reading.values.port).toBe(1700);
    expect(reading.problems).toEqual([]);
  });

  it.each([
    ["+1600", 1600],
    ["01600", 1600],
    ["-5", -5],
  ])("read the port %s as an integer", (text, port) => {
    expect(read(`<cluster><port>${text}</port></cluster>`).values.port).toBe(port);
  });

  it("make a worker of the old node type client, with the reference's words", () => {
    const reading = read("<cluster><node_type>client</node_type></cluster>");
    expect(reading.values.nodeType).toBe("worker");
    expect(reading.warnings).toEqual([
      `Deprecated node type 'client'. Using 'worker' instead. (<node_type>, ${FILE}:2)`,
    ]);
  });

  it("collect the nodes of all lists, without empty ones", () => {
    const reading = read("<cluster><nodes><node>a</node><node/></nodes><nodes><node> b </node></nodes></cluster>");
    expect(reading.values.nodes).toEqual(["a", "b"]);
  });

  it("keep the default when a list holds empty nodes only", () => {
    expect(read("<cluster><nodes><node/></nodes></cluster>").values.nodes).toEqual(["NODE_IP"]);
  });

  it("warn about a strange element among the nodes", () => {
    const reading = read("<cluster><nodes><host>a</host><node>b</node></nodes></cluster>");
    expect(reading.values.nodes).toEqual(["b"]);
    expect(reading.warnings).toEqual([`Unknown element 'host' in nodes. It is ignored. (<host>, ${FILE}:2)`]);
  });

  it("keep unknown elements as they were read", () => {
    const { values } = read(
      "<cluster><interval>2m</interval><haproxy_helper><haproxy_port>5555</haproxy_port><excluded>a</excluded><excluded>b</excluded></haproxy_helper></cluster>",
    );
    expect(values.extra).toEqual({ interval: "2m", haproxy_helper: { haproxy_port: "5555", excluded: ["a", "b"] } });
  });

  it("can't reach a prototype", () => {
    const { values } = read(
      "<cluster><__proto__><polluted>yes</polluted></__proto__><constructor>x</constructor></cluster>",
    );
    expect(Object.keys(values.extra)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(values.extra)).toBe(Object.prototype);
  });
});

describe("the read phase's mistakes", () => {
  it.each([
    [
      "port",
      "<port>abc</port>",
      `Error 3004 - Error in cluster configuration: Cluster port must be an integer. (<port>, ${FILE}:2: found 'abc', a number such as 1516 is needed)`,
    ],
    [
      "port with a fraction",
      "<port>1516.5</port>",
      `Error 3004 - Error in cluster configuration: Cluster port must be an integer. (<port>, ${FILE}:2: found '1516.5', a number such as 1516 is needed)`,
    ],
    [
      "disabled",
      "<disabled>true</disabled>",
      `Error 3004 - Error in cluster configuration: Allowed values for 'disabled' field are 'yes' and 'no'. Found: 'true' (<disabled>, ${FILE}:2: write yes or no)`,
    ],
    [
      "nodes without node",
      "<nodes>10.0.0.1</nodes>",
      `Error 3004 - Error in cluster configuration: Element 'nodes' must hold node elements. (<nodes>, ${FILE}:2: write <nodes><node>10.0.0.1</node></nodes>)`,
    ],
    [
      "elements in a text",
      "<name><b>x</b></name>",
      `Error 3004 - Error in cluster configuration: Element 'name' must hold a text only. (<name>, ${FILE}:2: remove the elements inside it)`,
    ],
  ])("name element, line and what is allowed: %s", (_name, element, message) => {
    expect(read(`<cluster>${element}</cluster>`).problems.map((problem) => problem.message)).toEqual([message]);
  });

  it("come with the port first, whatever their order in the file", () => {
    const { problems } = read("<cluster><disabled>x</disabled><port>y</port></cluster>");
    expect(problems.map((problem) => problem.detail.slice(0, 12))).toEqual(["Cluster port", "Allowed valu"]);
  });

  it("stay on one line, and short, whatever the value holds", () => {
    const { problems } = read(`<cluster><disabled>a\n\t\u0085${"b".repeat(1000)}</disabled></cluster>`);
    expect(problems[0]?.message).not.toMatch(/[\n\t\u0085]/);
    expect(problems[0]?.message).toContain("a\\x0a\\x09\\x85bbb");
    expect(problems[0]?.message.length).toBeLessThan(300);
  });
});
