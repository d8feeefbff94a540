import type { FuzzTarget } from "../FuzzTarget.js";
import { agentLists } from "./agentLists.js";
import { archives } from "./archives.js";
import { clientKeys } from "./clientKeys.js";
import { clusterJson } from "./clusterJson.js";
import { exceptions } from "./exceptions.js";
import { fernet } from "./fernet.js";
import { frames } from "./frames.js";
import { merged } from "./merged.js";
import { metadata } from "./metadata.js";
import { ossecConf } from "./ossecConf.js";
import { payloads } from "./payloads.js";
import { queries } from "./queries.js";
import { requests } from "./requests.js";
import { results } from "./results.js";
import { rulesets } from "./rulesets.js";

/** All that is fuzzed. A new decoder is one file here, and one line. */
export const TARGETS: readonly FuzzTarget[] = [
  frames,
  fernet,
  payloads,
  exceptions,
  requests,
  results,
  metadata,
  merged,
  archives,
  ossecConf,
  clusterJson,
  clientKeys,
  queries,
  agentLists,
  rulesets,
];
