import { CLUSTER_ELEMENTS } from "./ClusterReading.js";
import type { ClusterReading, ClusterSetting, ClusterValues } from "./ClusterReading.js";
import { clusterProblem } from "./ConfigurationProblem.js";
import type { ConfigurationProblem } from "./ConfigurationProblem.js";
import { parseOssecConf } from "./parseOssecConf.js";
import type { ConfElement } from "./parseOssecConf.js";
import { printable } from "./printable.js";
import type { SourcePosition } from "./TextPositions.js";

/** The values of a `<cluster>` block that says nothing (dapi.md 5.1). */
export const DEFAULT_CLUSTER_VALUES: ClusterValues = Object.freeze({
  name: "wazuh",
  nodeName: "node01",
  nodeType: "master",
  key: "",
  port: 1516,
  bindAddress: "0.0.0.0",
  nodes: Object.freeze(["NODE_IP"]),
  hidden: "no",
  disabled: false,
  extra: Object.freeze({}),
});

const SETTINGS = new Map<string, ClusterSetting>(
  (Object.keys(CLUSTER_ELEMENTS) as ClusterSetting[]).map((setting) => [CLUSTER_ELEMENTS[setting], setting]),
);

/**
 * Reads the `<cluster>` block of an ossec.conf over its defaults: the last of several blocks and of
 * several equal elements wins, empty elements are ignored, unknown ones are kept (dapi.md 5.1).
 * Values that can't be read become problems of the result, so that all of them can be told at once.
 *
 * @param text the contents of ossec.conf
 * @param file its path, for messages
 * @throws ConfigurationError 3006 for text that is not well-formed XML
 */
export function readClusterBlock(text: string, file: string): ClusterReading {
  const blocks = parseOssecConf(text, file)
    .filter((root) => root.name === "ossec_config")
    .flatMap((root) => root.children.filter((section) => section.name === "cluster"));
  const block = blocks.at(-1);
  if (block === undefined) {
    const values = { ...DEFAULT_CLUSTER_VALUES, disabled: true };
    return { file, block: undefined, values, positions: {}, overridden: {}, problems: [], warnings: [] };
  }
  const reader = new BlockReader(file);
  if (blocks.length > 1) {
    reader.warn(`Found ${blocks.length} <cluster> blocks. Using the last one.`, "cluster", block.position);
  }
  for (const element of block.children) reader.read(element);
  return reader.reading(block.position);
}

/** Collects the values of one block. */
class BlockReader {
  readonly #file: string;
  readonly #values: { -readonly [Name in keyof ClusterValues]?: ClusterValues[Name] } = {};
  readonly #nodes: string[] = [];
  readonly #extra = new Map<string, unknown>();
  readonly #positions: Partial<Record<ClusterSetting, SourcePosition>> = {};
  readonly #problems = new Map<ClusterSetting, ConfigurationProblem>();
  readonly #warnings: string[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  read(element: ConfElement): void {
    if (element.text === "" && element.children.length === 0) return;
    const setting = SETTINGS.get(element.name);
    if (setting === undefined) {
      this.#extra.set(element.name, plainValue(element));
      return;
    }
    if (setting !== "nodes" && element.children.length > 0) {
      this.#problems.set(
        setting,
        this.#problem(
          setting,
          element,
          `Element '${element.name}' must hold a text only.`,
          "remove the elements inside it",
        ),
      );
      return;
    }
    if (setting !== "nodes" && this.#positions[setting] !== undefined) {
      this.warn(`Found more than one '${element.name}' element. Using the last one.`, element.name, element.position);
    }
    this.#problems.delete(setting);
    this.#positions[setting] = element.position;
    this.#assign(setting, element);
  }

  warn(text: string, element: string, position: SourcePosition): void {
    this.#warnings.push(`${text} (<${element}>, ${this.#file}:${position.line})`);
  }

  reading(block: SourcePosition): ClusterReading {
    const nodes = this.#nodes.length > 0 ? this.#nodes : DEFAULT_CLUSTER_VALUES.nodes;
    const values = { ...DEFAULT_CLUSTER_VALUES, ...this.#values, nodes, extra: Object.fromEntries(this.#extra) };
    // The reference reads the port before the switch (dapi.md 5.2).
    const order: readonly ClusterSetting[] = ["port", "disabled"];
    const rank = (setting: ClusterSetting): number => (order.includes(setting) ? order.indexOf(setting) : order.length);
    const problems = [...this.#problems]
      .sort(([left], [right]) => rank(left) - rank(right))
      .map(([, problem]) => problem);
    return {
      file: this.#file,
      block,
      values,
      positions: this.#positions,
      overridden: {},
      problems,
      warnings: this.#warnings,
    };
  }

  #assign(setting: ClusterSetting, element: ConfElement): void {
    const { text } = element;
    switch (setting) {
      case "port":
        if (/^[+-]?\d+$/.test(text)) this.#values.port = Number(text);
        else
          this.#problems.set(
            setting,
            this.#problem(
              setting,
              element,
              "Cluster port must be an integer.",
              `found '${printable(text)}', a number such as 1516 is needed`,
            ),
          );
        return;
      case "disabled":
        if (text === "yes" || text === "no") this.#values.disabled = text === "yes";
        else
          this.#problems.set(
            setting,
            this.#problem(
              setting,
              element,
              `Allowed values for 'disabled' field are 'yes' and 'no'. Found: '${printable(text)}'`,
              "write yes or no",
            ),
          );
        return;
      case "nodeType":
        this.#values.nodeType = text === "client" ? "worker" : text;
        if (text === "client")
          this.warn("Deprecated node type 'client'. Using 'worker' instead.", element.name, element.position);
        return;
      case "nodes":
        this.#readNodes(element);
        return;
      default:
        this.#values[setting] = text;
    }
  }

  #readNodes(element: ConfElement): void {
    if (element.children.length === 0) {
      this.#problems.set(
        "nodes",
        this.#problem(
          "nodes",
          element,
          "Element 'nodes' must hold node elements.",
          `write <nodes><node>${printable(element.text)}</node></nodes>`,
        ),
      );
      return;
    }
    for (const child of element.children) {
      if (child.name !== "node")
        this.warn(`Unknown element '${printable(child.name)}' in nodes. It is ignored.`, child.name, child.position);
      else if (child.text !== "") this.#nodes.push(child.text);
    }
  }

  #problem(setting: ClusterSetting, element: ConfElement, text: string, advice: string): ConfigurationProblem {
    return clusterProblem(text, {
      element: CLUSTER_ELEMENTS[setting],
      file: this.#file,
      position: element.position,
      advice,
    });
  }
}

/** An unknown element as plain data: a text, or its children by name (several of one name: a list). */
function plainValue(element: ConfElement): unknown {
  if (element.children.length === 0) return element.text;
  const byName = new Map<string, unknown[]>();
  for (const child of element.children) {
    byName.set(child.name, [...(byName.get(child.name) ?? []), plainValue(child)]);
  }
  return Object.fromEntries([...byName].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}
