/**
 * How several sections of one name become JSON: each for itself in a list, merged into one, or only the last one.
 */
export type SectionKind = "each" | "merged" | "last";

/** How one section of ossec.conf becomes JSON. */
export interface SectionRule {
  readonly kind: SectionKind;
  /** Options that are lists however often they stand there; of others the last one counts. */
  readonly lists: readonly string[];
}

const each = (...lists: readonly string[]): SectionRule => ({ kind: "each", lists });
const merged = (...lists: readonly string[]): SectionRule => ({ kind: "merged", lists });
const last = (...lists: readonly string[]): SectionRule => ({ kind: "last", lists });

/** The sections that the API shows, as dialect 4.3-zip has them; others are left out. A wodle goes by its `name`. */
export const CONF_SECTIONS: ReadonlyMap<string, SectionRule> = new Map([
  ["active-response", each()],
  ["command", each()],
  ["agentless", each()],
  ["localfile", each()],
  ["remote", each()],
  ["syslog_output", each()],
  ["integration", each()],
  ["labels", each("label")],
  ["alerts", merged()],
  ["client", merged()],
  ["database_output", merged()],
  ["email_alerts", merged("email_to")],
  ["reports", merged("email_to")],
  ["global", merged("white_list")],
  ["open-scap", merged("content")],
  ["cis-cat", merged("content")],
  ["syscollector", merged()],
  [
    "rootcheck",
    merged("rootkit_files", "rootkit_trojans", "windows_audit", "system_audit", "windows_apps", "windows_malware"),
  ],
  [
    "ruleset",
    merged("include", "rule", "rule_dir", "decoder", "decoder_dir", "list", "rule_exclude", "decoder_exclude"),
  ],
  ["syscheck", merged("directories", "ignore", "nodiff")],
  ["auth", merged()],
  ["vulnerability-detector", merged("feed", "provider")],
  ["osquery", merged("pack")],
  ["sca", merged("policies")],
  ["cluster", last("nodes")],
]);
