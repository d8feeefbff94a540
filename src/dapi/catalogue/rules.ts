import { z } from "zod";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { type CatalogueFunction, defineFunction, type FunctionContext } from "../CatalogueFunction.js";
import { listPageArguments, listSelectArguments, pageOfList } from "../query/arguments.js";
import { type ApiResult, affectedItems } from "../results/ApiResult.js";
import { findRules } from "./rules/findRules.js";
import { RULE_REQUIREMENTS, type Rule, type RuleRequirement } from "./rules/Rule.js";
import { answerOf } from "./ruleset/answerOf.js";
import { fileFilterArguments, fileFilterOf, MOST_NAMES } from "./ruleset/filterArguments.js";
import { failedFiles } from "./ruleset/loadRuleset.js";
import type { ParsedFiles } from "./ruleset/ParsedFiles.js";
import { findRulesetFiles, passesFilter, pathOf } from "./ruleset/RulesetFile.js";

const RULES = {
  allMessage: "All selected rules were returned",
  someMessage: "Some rules were not returned",
  noneMessage: "No rule was returned",
};
const FILES = {
  allMessage: "All rule files were returned",
  someMessage: "Some rule files were not returned",
  noneMessage: "No rule files were returned",
};
const GROUPS = {
  allMessage: "All groups in rules were returned",
  someMessage: "Some groups in rules were not returned",
  noneMessage: "No groups in rules were returned",
};

const SORT_FIELDS = ["filename", "relative_dirname", "description", "id", "level", "status"];

const shared = {
  module: "wazuh.rule",
  requestType: "local_any",
  permission: { action: "rules:read", resource: "rule:file" },
  readOnly: true,
} as const;

const ruleId = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);
const requirement = z.string().nullish();

const rulesSchema = z.strictObject({
  ...listSelectArguments,
  ...fileFilterArguments,
  rule_ids: z.array(ruleId).max(MOST_NAMES).nullish(),
  group: z.string().nullish(),
  level: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .describe("`7`, or a range: `2-5`"),
  pci_dss: requirement,
  gpg13: requirement,
  gdpr: requirement,
  hipaa: requirement,
  nist_800_53: requirement,
  tsc: requirement,
  mitre: requirement,
});

/** The functions of rules (dapi.md 3.5). @param parsed where parsed files are kept */
export function ruleFunctions(parsed: ParsedFiles): readonly CatalogueFunction[] {
  return [
    defineFunction({
      ...shared,
      qualname: "get_rules",
      schema: rulesSchema,
      run: (args, context) => getRules(args, context, parsed),
    }),
    defineFunction({
      ...shared,
      qualname: "get_rules_files",
      schema: z.strictObject({ ...listPageArguments, ...fileFilterArguments }),
      run: async (args, context) => {
        const filter = fileFilterOf(args);
        const files = await findRulesetFiles(context, "rule", parsed);
        return answerOf(
          files.filter((file) => passesFilter(file, filter)),
          pageOfList(args),
          FILES,
        );
      },
    }),
    defineFunction({
      ...shared,
      qualname: "get_groups",
      schema: z.strictObject(listPageArguments),
      run: async (args, context) => answerOf(await valuesOf(context, parsed, "groups"), pageOfList(args), GROUPS),
    }),
    defineFunction({
      ...shared,
      qualname: "get_requirement",
      schema: z.strictObject({ ...listPageArguments, requirement: z.string().max(128).nullish() }),
      run: async (args, context) => {
        const { requirement: asked } = args;
        const known = RULE_REQUIREMENTS.find((name) => name === asked);
        if (known === undefined) return unknownRequirement(asked ?? "None");
        return answerOf(await valuesOf(context, parsed, known), pageOfList(args), RULES);
      },
    }),
  ];
}

async function getRules(
  args: z.output<typeof rulesSchema>,
  context: FunctionContext,
  parsed: ParsedFiles,
): Promise<ApiResult> {
  const fileFilter = fileFilterOf(args);
  const levels = levelsOf(args.level);
  const { rules, failed } = await findRules(context, parsed);
  const asked = new Set(args.rule_ids ?? []);
  const wanted = rules.filter(
    (rule) =>
      passesFilter(rule, fileFilter) &&
      (asked.size === 0 || asked.has(rule.id)) &&
      (levels === null || (levels.lowest <= rule.level && rule.level <= levels.highest)) &&
      hasGroups(rule, args),
  );
  const known = new Set(rules.map(({ id }) => id));
  const absent = [...asked].filter((id) => !known.has(id)).map(String);
  const brokenFiles = failed.filter(({ file }) => passesFilter(file, fileFilter));
  return answerOf(wanted, pageOfList(args), RULES, {
    allowedSortFields: SORT_FIELDS,
    requiredFields: ["id"],
    failed: [
      ...(absent.length === 0 ? [] : [{ error: MusterError.user(1208), ids: absent }]),
      ...failedFiles(brokenFiles, pathOf),
    ],
  });
}

function hasGroups(rule: Rule, args: z.output<typeof rulesSchema>): boolean {
  if (args.group && !rule.groups.includes(args.group)) return false;
  return RULE_REQUIREMENTS.every((standard) => !args[standard] || rule[standard].includes(args[standard]));
}

/** `7` or `2-5`. @throws MusterError 1203 */
function levelsOf(level: string | null | undefined): { readonly lowest: number; readonly highest: number } | null {
  if (level === null || level === undefined || level === "") return null;
  const match = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(level);
  if (match === null) throw MusterError.user(1203);
  return { lowest: Number(match[1]), highest: Number(match[2] ?? match[1]) };
}

/** All groups, or all requirements of one standard, that rules name; each once, in order. */
async function valuesOf(
  context: FunctionContext,
  parsed: ParsedFiles,
  member: RuleRequirement | "groups",
): Promise<readonly string[]> {
  const { rules } = await findRules(context, parsed);
  return [...new Set(rules.flatMap((rule) => rule[member]))].sort();
}

function unknownRequirement(asked: string): ApiResult {
  const names = RULE_REQUIREMENTS.map((name) => `'${name}'`).join(", ");
  const error = MusterError.user(1205, asked, { extraRemediation: `Valid ones are [${names}]` });
  return affectedItems({ affectedItems: [], failedItems: [{ error, ids: [asked] }], ...RULES });
}
