import { agentFunctions } from "./agents.js";
import { Catalogue } from "./Catalogue.js";
import { clusterFunctions } from "./cluster.js";
import { decoderFunctions } from "./decoders.js";
import { groupFunctions } from "./groups.js";
import { listFunctions } from "./lists.js";
import { managerFunctions } from "./manager.js";
import { ruleFunctions } from "./rules.js";
import type { ParsedFiles } from "./ruleset/ParsedFiles.js";
import { statsFunctions } from "./stats.js";
import { stepFunctions } from "./steps.js";

/**
 * The catalogue of a node: all functions of all subjects. A new subject is one line here.
 *
 * @param parsed where parsed rules, decoders, lists and ossec.conf are kept between requests
 */
export function createCatalogue(parsed: ParsedFiles): Catalogue {
  return new Catalogue(
    ruleFunctions(parsed),
    decoderFunctions(parsed),
    listFunctions(parsed),
    clusterFunctions(),
    agentFunctions(),
    groupFunctions(),
    managerFunctions(parsed),
    statsFunctions(),
    stepFunctions(),
  );
}
