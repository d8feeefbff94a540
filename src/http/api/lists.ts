import type { Endpoint } from "./Endpoint.js";
import { list, text } from "./Parameter.js";
import { listPage, select } from "./pageParameters.js";

const which = [
  list("filename", "Names of files", "filename"),
  text("relative_dirname", "Folder of the lists, relative to the node's root"),
];
const ORDER = ["relative_dirname", "filename"];

/** `/lists` (dapi.md 3.5). */
export const listEndpoints: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/lists",
    call: "wazuh.cdb_list:get_lists",
    summary: "CDB lists with what stands in them",
    parameters: [...listPage(ORDER), select, ...which],
  },
  {
    method: "GET",
    path: "/lists/files",
    call: "wazuh.cdb_list:get_path_lists",
    summary: "Files of CDB lists",
    parameters: [...listPage(ORDER), ...which],
  },
];
