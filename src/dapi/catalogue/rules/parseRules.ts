import { Details, otherAttributes } from "../ruleset/Details.js";
import type { FileParser } from "../ruleset/ParsedFiles.js";
import { readXml, type XmlElement } from "../ruleset/XmlElement.js";
import { RULE_REQUIREMENTS, type ParsedRule, type RuleRequirement } from "./Rule.js";

/** Elements of a rule that hold a pattern, and may have attributes such as `negate` and `type`. */
const PATTERNS: ReadonlySet<string> = new Set([
  "action",
  "dstgeoip",
  "dstport",
  "extra_data",
  "field",
  "hostname",
  "id",
  "location",
  "match",
  "program_name",
  "protocol",
  "regex",
  "srcgeoip",
  "srcport",
  "status",
  "system_name",
  "url",
  "user",
]);

/** What is wrong with a rule, although its file is well formed. */
export class RuleError extends Error {
  override readonly name = "RuleError";
}

export const rulesParser: FileParser<readonly ParsedRule[]> = {
  kind: "rules",
  parse: async (text, pause) => parseRules(await readXml(text, pause)),
};

/** The rules of a file, in their order. @throws RuleError for a rule without a whole number as its id or level */
export function parseRules(roots: readonly XmlElement[]): readonly ParsedRule[] {
  const variables = new Map(
    roots
      .filter(({ name }) => name === "var")
      .map(({ attributes, text }) => [attributes.get("name") ?? "", text ?? ""]),
  );
  return roots
    .filter(({ name }) => name === "group")
    .flatMap((group) => {
      const groups = listOf(group.attributes.get("name") ?? "");
      return group.children.filter(({ name }) => name === "rule").map((rule) => parseRule(rule, groups, variables));
    });
}

function parseRule(
  rule: XmlElement,
  generalGroups: readonly string[],
  variables: ReadonlyMap<string, string>,
): ParsedRule {
  const id = numberOf(rule, "id");
  const level = numberOf(rule, "level");
  const details = new Details();
  for (const [name, value] of otherAttributes(rule, "id", "level")) details.set(name, value);
  const ownGroups: string[] = [];
  let description = "";
  for (const element of rule.children) {
    const { name } = element;
    const text = element.text ?? "";
    if (name === "group") ownGroups.push(...listOf(text));
    else if (name === "mitre")
      ownGroups.push(...element.children.map((technique) => `mitre_${(technique.text ?? "").trim()}`));
    else if (name === "description") description += text;
    else if (name === "list" || name === "info")
      details.add(name, Object.fromEntries([["name", text], ...element.attributes]));
    else if (PATTERNS.has(name)) addPattern(details, element, resolved(text, variables));
    else details.add(name, text);
  }
  return Object.freeze({
    id,
    level,
    details: details.toObject(),
    ...sortedGroups([...ownGroups, ...generalGroups]),
    description,
  });
}

/** A `<field>` goes by the name of the field that it looks at. */
function addPattern(details: Details, element: XmlElement, pattern: string): void {
  const isField = element.name === "field";
  const name = (isField ? element.attributes.get("name") : undefined) ?? element.name;
  details.addPattern(name, pattern, isField ? otherAttributes(element, "name") : element.attributes);
}

/** A text that is a variable's name, `$NAME`, stands for the variable's. */
function resolved(text: string, variables: ReadonlyMap<string, string>): string {
  return text.startsWith("$") ? (variables.get(text.slice(1)) ?? text) : text;
}

type SortedGroups = Readonly<Record<RuleRequirement | "groups", readonly string[]>>;

/** Groups that name a requirement go to their standard, the others stay. */
function sortedGroups(all: readonly string[]): SortedGroups {
  const sorted = {
    pci_dss: [],
    gpg13: [],
    gdpr: [],
    hipaa: [],
    nist_800_53: [],
    tsc: [],
    mitre: [],
    groups: [],
  } as Record<RuleRequirement | "groups", string[]>;
  for (const group of all) {
    const standard = RULE_REQUIREMENTS.find((name) => group.startsWith(`${name}_`));
    if (standard === undefined) {
      sorted.groups.push(group);
      continue;
    }
    const requirement = group.slice(standard.length + 1);
    if (!sorted[standard].includes(requirement)) sorted[standard].push(requirement);
  }
  return sorted;
}

function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function numberOf(rule: XmlElement, attribute: string): number {
  const text = rule.attributes.get(attribute)?.trim() ?? "";
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  const which = rule.attributes.get("id");
  throw new RuleError(
    `rule ${which === undefined ? "without an id" : `'${which}'`}: ${attribute} must be a whole number`,
  );
}
