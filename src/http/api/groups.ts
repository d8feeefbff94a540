import type { Endpoint } from "./Endpoint.js";
import { filterList, listOrAll, oneInPath, text } from "./Parameter.js";
import { listPage, objectPage, q, select } from "./pageParameters.js";

const groupId = oneInPath("group_id", "Name of the group.", "group_list");
const hash = { ...text("hash", "Algorithm of the checksums", "hash_algorithm"), otherwise: { hash_algorithm: "md5" } };

/** `/groups` (dapi.md 3.4). */
export const groupEndpoints: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/groups",
    call: "wazuh.agent:get_agent_groups",
    summary: "Groups of agents",
    parameters: [listOrAll("groups_list", "Names of groups; all unless given", "group_list"), ...objectPage, hash],
  },
  {
    method: "GET",
    path: "/groups/{group_id}/agents",
    call: "wazuh.agent:get_agents_in_group",
    summary: "Agents of a group",
    parameters: [
      groupId,
      ...objectPage,
      select,
      q,
      filterList("status", "active, pending, never_connected or disconnected, with commas between them."),
    ],
  },
  {
    method: "GET",
    path: "/groups/{group_id}/files",
    call: "wazuh.agent:get_group_files",
    summary: "Files of a group",
    parameters: [groupId, ...listPage(["filename"]), hash],
  },
];
