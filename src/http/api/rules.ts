import type { Endpoint } from "./Endpoint.js";
import { inPath, list, type Parameter, text } from "./Parameter.js";
import { listPage, q, select } from "./pageParameters.js";

/** Which files of the ruleset: decoders are chosen in the same way. */
export const fileParameters: readonly Parameter[] = [
  text("status", "enabled, disabled or all"),
  list("filename", "Names of files", "filename"),
  text("relative_dirname", "Folder of the files, relative to the node's root"),
];

/** `/rules` (dapi.md 3.5). */
export const ruleEndpoints: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/rules",
    call: "wazuh.rule:get_rules",
    summary: "Rules",
    parameters: [
      list("rule_ids", "Ids of rules", "rule_ids"),
      ...listPage(["id"]),
      select,
      q,
      ...fileParameters,
      text("group", "Group of the rules"),
      text("level", "Level of the rules: 7, or a range, 2-5"),
      text("pci_dss", "Requirement of PCI DSS"),
      text("gpg13", "Requirement of GPG 13"),
      text("gdpr", "Requirement of GDPR"),
      text("hipaa", "Requirement of HIPAA"),
      text("nist-800-53", "Requirement of NIST 800-53", "nist_800_53"),
      text("tsc", "Requirement of TSC"),
      text("mitre", "Technique of MITRE"),
    ],
  },
  {
    method: "GET",
    path: "/rules/groups",
    call: "wazuh.rule:get_groups",
    summary: "Groups that rules name",
    parameters: listPage(null),
  },
  {
    method: "GET",
    path: "/rules/requirement/{requirement}",
    call: "wazuh.rule:get_requirement",
    summary: "Requirements of a standard that rules name",
    parameters: [
      inPath("requirement", "Name of the standard, for example pci_dss."),
      ...listPage(null),
    ],
  },
  {
    method: "GET",
    path: "/rules/files",
    call: "wazuh.rule:get_rules_files",
    summary: "Files with rules",
    parameters: [...listPage(["filename"]), ...fileParameters],
  },
];
