import type { XmlElement } from "../ruleset/XmlElement.js";
import { CONF_SECTIONS, type SectionRule } from "./confSections.js";

/** A section's options by name. A map, because a file may name an option as it likes. */
type Options = Map<string, unknown>;

/**
 * The sections of ossec.conf as the API shows them (dapi.md 3.2, read_ossec_conf): several roots count as one, sections
 * of a name are listed, merged or replaced by their kind.
 *
 * @param roots the file's root elements
 * @returns section → its options, or a list of such
 */
export function confJson(roots: readonly XmlElement[]): Readonly<Record<string, unknown>> {
  const found = new Map<string, Options | Options[]>();
  for (const section of roots.filter(({ name }) => name === "ossec_config").flatMap(({ children }) => children)) {
    const name = section.name === "wodle" ? (section.attributes.get("name") ?? "") : section.name;
    const rule = CONF_SECTIONS.get(name);
    if (rule !== undefined) addSection(found, name, rule, optionsOf(section, name, rule));
  }
  const sections = [...found].map(([name, options]) => {
    const json = Array.isArray(options) ? options.map((one) => Object.fromEntries(one)) : Object.fromEntries(options);
    return [name, json] as const;
  });
  return Object.fromEntries(sections);
}

function addSection(found: Map<string, Options | Options[]>, name: string, rule: SectionRule, options: Options): void {
  const known = found.get(name);
  if (rule.kind === "each") {
    if (Array.isArray(known)) known.push(options);
    else found.set(name, [options]);
    return;
  }
  if (rule.kind === "last" || !(known instanceof Map)) {
    found.set(name, options);
    return;
  }
  for (const [option, value] of options) {
    const before = known.get(option);
    const joins = rule.lists.includes(option) && Array.isArray(before) && Array.isArray(value);
    known.set(option, joins ? [...(before as unknown[]), ...(value as unknown[])] : value);
  }
}

function optionsOf(section: XmlElement, sectionName: string, rule: SectionRule): Options {
  const options: Options = new Map();
  for (const option of section.children) {
    const value = optionValue(sectionName, option);
    const isOneList = sectionName === "remote" && option.name === "protocol";
    for (const one of Array.isArray(value) && !isOneList ? (value as unknown[]) : [value]) {
      if (isNothing(one)) continue;
      const known = options.get(option.name);
      if (!rule.lists.includes(option.name)) options.set(option.name, one);
      else if (Array.isArray(known)) known.push(one);
      else options.set(option.name, [one]);
    }
  }
  return options;
}

/** Empty options are as good as absent ones. */
function isNothing(value: unknown): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** An option's JSON: its text, or by its section's own rules. */
function optionValue(sectionName: string, option: XmlElement): unknown {
  const { text, attributes, children } = option;
  switch (`${sectionName} ${option.name}`) {
    case "syscheck directories":
      return text === null ? [] : text.split(",").map((path) => ({ ...membersOf(attributes), path: path.trim() }));
    case "syscheck synchronization":
    case "syscheck whodata":
      return Object.fromEntries(children.map((child) => [child.name, textOrList(child.text)]));
    case "cluster nodes":
    case "sca policies":
      return children.map((child) => child.text);
    case "labels label":
      return { value: text, ...membersOf(attributes) };
    case "remote protocol":
      return text === null ? null : text.split(",").map((protocol) => protocol.trim());
    case "localfile query":
      // A query may be folded over lines; as JSON it is one.
      return children.length > 0 ? plainValue(option) : (text?.replace(/\n +/g, "").trim() ?? null);
  }
  if (sectionName === "open-scap" && attributes.size > 0) {
    return { ...membersOf(attributes), profiles: textsIn(option) };
  }
  return plainValue(option);
}

/** A text alone is a text; with attributes it is `item` beside them, and children are lists by their names. */
function plainValue({ text, attributes, children }: XmlElement): unknown {
  if (attributes.size === 0 && children.length === 0) return text;
  const members = new Map<string, unknown>(attributes);
  if (children.length === 0) members.set("item", text);
  for (const child of children) {
    const known = members.get(child.name);
    if (Array.isArray(known)) known.push(plainValue(child));
    else members.set(child.name, [plainValue(child)]);
  }
  return Object.fromEntries(members);
}

function membersOf(attributes: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes);
}

/** `a,b` is a list; a comma in front makes none. */
function textOrList(text: string | null): unknown {
  return text !== null && text.indexOf(",") > 0 ? text.split(",") : text;
}

/** An element's own text and those of all below it. */
function textsIn({ text, children }: XmlElement): readonly (string | null)[] {
  return [text, ...children.flatMap(textsIn)];
}
