import type { RulesetFile } from "../ruleset/RulesetFile.js";

/** Compliance standards that a rule's groups may name, as `<standard>_<requirement>`. */
export const RULE_REQUIREMENTS = Object.freeze([
  "pci_dss",
  "gdpr",
  "hipaa",
  "nist_800_53",
  "gpg13",
  "tsc",
  "mitre",
] as const);

export type RuleRequirement = (typeof RULE_REQUIREMENTS)[number];

/** What a rule's file says of it (dapi.md 3.5). */
export interface ParsedRule extends Readonly<Record<RuleRequirement, readonly string[]>> {
  readonly id: number;
  readonly level: number;
  /** Everything else: texts, objects `{pattern, …attributes}` and `{name, …attributes}`, or lists of these. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly groups: readonly string[];
  readonly description: string;
}

/** A rule as API clients read it. */
export type Rule = RulesetFile & ParsedRule;
