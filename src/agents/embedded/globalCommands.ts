import type { GlobalCommand } from "./CommandContext.js";
import * as agentGroups from "./commands/agentGroups.js";
import { agentInfoGet } from "./commands/agentInfoGet.js";
import { agentInfoSet } from "./commands/agentInfoSet.js";
import * as lists from "./commands/agentLists.js";
import * as records from "./commands/agentRecords.js";
import * as groups from "./commands/groups.js";
import { sql } from "./commands/sql.js";

/** The commands of the global database by name (dapi.md 6.2, 6.3). */
export const GLOBAL_COMMANDS: ReadonlyMap<string, GlobalCommand> = new Map([
  ["sql", sql],
  ["sync-agent-info-get", agentInfoGet],
  ["sync-agent-info-set", agentInfoSet],
  ["sync-agent-groups-get", agentGroups.syncAgentGroupsGet],
  ["set-agent-groups", agentGroups.setAgentGroups],
  ["get-groups-integrity", agentGroups.getGroupsIntegrity],
  ["recalculate-agent-group-hashes", agentGroups.recalculateAgentGroupHashes],
  ["get-all-agents", lists.getAllAgents],
  ["get-agents-by-connection-status", lists.getAgentsByConnectionStatus],
  ["disconnect-agents", lists.disconnectAgents],
  ["reset-agents-connection", lists.resetAgentsConnection],
  ["get-agent-info", lists.getAgentInfo],
  ["insert-agent", records.insertAgent],
  ["update-agent-name", records.updateAgentName],
  ["update-agent-data", records.updateAgentData],
  ["update-keepalive", records.updateKeepalive],
  ["update-connection-status", records.updateConnectionStatus],
  ["find-agent", records.findAgent],
  ["delete-agent", records.deleteAgent],
  ["select-agent-name", records.selectAgentName],
  ["select-agent-group", records.selectAgentGroup],
  ["get-labels", records.getLabels],
  ["set-labels", records.setLabels],
  ["find-group", groups.findGroup],
  ["insert-agent-group", groups.insertAgentGroup],
  ["select-groups", groups.selectGroups],
  ["delete-group", groups.deleteGroup],
  ["delete-group-belong", groups.deleteGroupBelong],
  ["insert-agent-belong", groups.insertAgentBelong],
  ["delete-agent-belong", groups.deleteAgentBelong],
  ["update-agent-group", groups.updateAgentGroup],
]);
