import type { FunctionContext } from "../../CatalogueFunction.js";
import type { ParsedFiles } from "../ruleset/ParsedFiles.js";
import { loadRuleset, type Loaded } from "../ruleset/loadRuleset.js";
import { findRulesetFiles, pathOf, type RulesetFile } from "../ruleset/RulesetFile.js";
import { rulesParser } from "./parseRules.js";
import type { Rule } from "./Rule.js";
import { ruleFileError } from "./ruleErrors.js";

/** The node's rules with their files, and the files that can't be used. */
export interface FoundRules {
  readonly rules: readonly Rule[];
  readonly failed: Loaded<RulesetFile, unknown>["failed"];
}

/** Reads all rules of the node. @throws MusterError 1200 when ossec.conf can't be read */
export async function findRules(context: FunctionContext, parsed: ParsedFiles): Promise<FoundRules> {
  const files = await findRulesetFiles(context, "rule", parsed);
  const { loaded, failed } = await loadRuleset(context, parsed, files, {
    parser: rulesParser,
    pathOf,
    errorOf: ruleFileError,
  });
  const rules = loaded.flatMap(({ file, parsed: own }) =>
    own.map(({ id, level, ...rest }) => ({
      filename: file.filename,
      relative_dirname: file.relative_dirname,
      id,
      level,
      status: file.status,
      ...rest,
    })),
  );
  return { rules, failed };
}
