/** What a code of the catalogue says, and what its reader can do. */
export interface CatalogueEntry {
  /** May hold `{name}` placeholders, filled from an extra message that is an object. */
  readonly message: string;
  readonly remediation?: string;
}

const SITE = "https://documentation.wazuh.com/4.3";
const MANUAL = `${SITE}/user-manual`;
const CLUSTER_SETTINGS = `${MANUAL}/reference/ossec-conf/cluster.html`;
const CONFIGURE_CLUSTER = `${MANUAL}/configuring-cluster/index.html`;

const SEE_CONFIGURATION =
  `Please, visit the official documentation (${CONFIGURE_CLUSTER}) ` +
  "to get more information about how to configure a cluster";
const CHECK_WORKER_NAMES =
  `Check and fix [worker names](${CLUSTER_SETTINGS}#node-name) ` + "and restart the `wazuh-manager` service.";
const RESTART_SOCKETS = "Please, restart Wazuh to restore sockets";
const SELECT_LIMIT = "Please select a limit between 1 and 1000";

type Row = readonly [code: number, message: string, remediation?: string];

/** Codes of the cluster (dapi.md 5.4). 3003 and those from 3037 on came with later releases than 4.3.0. */
const CLUSTER: readonly Row[] = [
  [3000, "Cluster"],
  [3001, "Error creating zip file"],
  [3002, "Error creating PID file"],
  [3003, "Error during file handling"],
  [3004, "Error in cluster configuration", SEE_CONFIGURATION],
  [3005, "Error reading cluster JSON file"],
  [3006, "Error reading cluster configuration", SEE_CONFIGURATION],
  [3007, "Client.keys file received in master node"],
  [3008, "Received invalid agent status"],
  [3009, "Error executing distributed API request", ""],
  [3010, "Received the status/group of a non-existent agent"],
  [3011, "Agent info file received in a worker node"],
  [3012, "Cluster is not running"],
  [3013, "Cluster is not running, it might be disabled in `WAZUH_HOME/etc/ossec.conf`", SEE_CONFIGURATION],
  [3015, "Cannot access directory"],
  [3016, "Received an error response"],
  [3017, "The agent is not reporting to any manager"],
  [3018, "Error sending request"],
  [
    3019,
    "Wazuh is running in cluster mode: {EXECUTABLE_NAME} is not available in worker nodes. " +
      "Please, try again in the master node: {MASTER_IP}",
  ],
  [3020, "Timeout sending request", "Please, try to make the request again"],
  [3021, "Timeout executing API request"],
  [3022, "Unknown node ID", "Check the name of the node"],
  [
    3023,
    "Worker node is not connected to master",
    "Check the cluster.log located at WAZUH_HOME/logs/cluster.log file to see if there are connection " +
      "errors. Restart the `wazuh-manager` service.",
  ],
  [3024, "Length of command exceeds limit defined in wazuh.cluster.common.Handler.cmd_len."],
  [
    3025,
    "Could not decrypt message",
    `Check the cluster key is correct in the worker's [ossec.conf](${CLUSTER_SETTINGS}#key), ` +
      "ensure it is the same that the master's.",
  ],
  [3026, "Error sending request: Memory error. Request chunk size divided by 2."],
  [3027, "Unknown received task name"],
  [3028, "Worker node ID already exists", CHECK_WORKER_NAMES],
  [
    3029,
    "Connected worker with same name as the master",
    `Check and fix the [worker name](${CLUSTER_SETTINGS}#node-name) ` +
      "and restart the `wazuh-manager` service in the node",
  ],
  [
    3030,
    "Worker does not belong to the same cluster",
    `Change the [cluster name](${CLUSTER_SETTINGS}#name) in the worker configuration to match the ` +
      "master's and restart the `wazuh-manager` service",
  ],
  [
    3031,
    "Worker and master versions are not the same",
    `[Update](${SITE}/upgrade-guide/index.html) master and workers to the same version.`,
  ],
  [3032, "Could not forward DAPI request. Connection not available."],
  [3034, "Error sending file. File not found."],
  [3035, "String couldn't be found"],
  [3036, "JSON couldn't be loaded"],
  [3037, "Error while processing Agent-info chunks"],
  [3038, "Error while processing extra-valid files"],
  [3039, "Timeout while waiting to receive a file"],
  [3040, "Error while waiting to receive a file"],
  [3041, "Server status check timed out after adding new servers"],
  [3042, "User configuration is not valid"],
  [3043, "Could not initialize Proxy API"],
  [3044, "Could not connect to the HAProxy dataplane API"],
  [3045, "Could not connect to HAProxy"],
  [3046, "Invalid credentials for the Proxy API"],
  [3047, "Invalid HAProxy Dataplane API specification configured"],
  [3048, "Could not detect a valid HAProxy process linked to the Dataplane API"],
  [3049, "Unexpected response from HAProxy Dataplane API"],
  [3050, "Payload size exceeds maximum allowed limit"],
  [3051, "Too many concurrent divided messages"],
  [3052, "Invalid cluster file parameter"],
  [3053, "Decompressed file exceeds the maximum allowed size"],
  [3060, "Invalid node name format", CHECK_WORKER_NAMES],
];

/** Codes of the framework that cluster and API requests can meet (dapi.md 5.5). */
const FRAMEWORK: readonly Row[] = [
  [
    900,
    "One of the API child processes terminated abruptly. The API process pool is not usable anymore. " +
      "Please restart the Wazuh API",
  ],
  [901, "API executor subprocess broke. A service restart may be needed"],
  [902, "API Endpoint only available on master node"],
  [
    1000,
    "Wazuh Internal Error",
    "Please, check `WAZUH_HOME/logs/ossec.log`, `WAZUH_HOME/logs/cluster.log` and " +
      "`WAZUH_HOME/logs/api.log` to get more information about the error",
  ],
  [1001, "Error importing module"],
  [1002, "Error executing command"],
  [1003, "Command output not in JSON"],
  [1004, "Malformed command output "],
  [1005, "Error reading file", "Please, ensure you have the right file permissions in Wazuh directories"],
  [
    1006,
    "File/directory does not exist or there is a problem with the permissions",
    "Please, check if path to file/directory is correct and `wazuh` has the appropriate permissions",
  ],
  [1010, "Unable to connect to queue"],
  [1011, "Error communicating with queue"],
  [1012, "Invalid message to queue"],
  [1013, "Unable to connect with socket", RESTART_SOCKETS],
  [1014, "Error communicating with socket", RESTART_SOCKETS],
  [1015, "Agent version is null. Was the agent ever connected?"],
  [1016, "Error moving file"],
  [1017, 'Some Wazuh daemons are not ready yet in node "{node_name}" ({not_ready_daemons})'],
  [1018, "Body request is not a valid JSON"],
  [1019, "Error trying to create backup file"],
  [1020, "Could not find any Wazuh log file"],
  [1101, "Requested component does not exist", "Run `WAZUH_PATH/bin/wazuh-logtest -t` to check your configuration"],
  [1102, "Invalid section"],
  [1103, "Invalid field in section"],
  [1104, "Invalid type"],
  [1105, "Error reading API configuration"],
  [1106, "Requested section not present in configuration"],
  [1107, "Internal options file not found"],
  [1108, "Value not found in internal_options.conf"],
  [1109, "Option must be a digit"],
  [1110, "Option value is out of the limits"],
  [1112, "Empty files are not supported"],
  [1113, "XML syntax error"],
  [1114, "Wazuh syntax error"],
  [1116, "Requested component configuration does not exist"],
  [1117, "Unable to connect with component. The component might be disabled."],
  [1118, "Could not request component configuration"],
  [1119, "Directory '/tmp' needs read, write & execution permission for 'wazuh' user"],
  [1121, "Error connecting with socket"],
  [1123, "Error communicating with socket. Query too long, maximum allowed size for queries is 64 KB"],
  [1125, "Invalid ossec configuration"],
  [1126, "Error updating ossec configuration"],
  [1200, "Error reading rules from `WAZUH_HOME/etc/ossec.conf`"],
  [1201, "Error reading rule files"],
  [1202, "Argument 'status' must be: enabled, disabled or all"],
  [1203, "Error in argument 'level'"],
  [1205, "Requirement not valid"],
  [1207, "Error reading rule files, wrong permissions"],
  [1208, "The rule does not exist or you do not have permission to see it"],
  [1308, "Stats file does not exist", "Stats files are usually generated at 12 PM on a daily basis"],
  [1309, "Statistics file damaged"],
  [1400, "Invalid offset"],
  [1401, "Invalid limit"],
  [1402, "Invalid sort_ascending field"],
  [1403, "Not a valid sort field ", "Please, use only allowed sort fields"],
  [1405, "Specified limit exceeds maximum allowed", SELECT_LIMIT],
  [1406, "0 is not a valid limit", SELECT_LIMIT],
  [1407, "Query does not match expected format"],
  [1408, "Field does not exist."],
  [1409, "Invalid query operator."],
  [1412, "Date filter not valid. Valid formats are YYYY-MM-DD HH:mm:ss, YYYY-MM-DDTHH:mm:ssZ or YYYY-MM-DD"],
  [1413, "Error reading rules file"],
  [1414, "Error reading rules file"],
  [1415, "Rules file not found"],
  [1500, "Error reading decoders from ossec.conf"],
  [1501, "Error reading decoders file"],
  [1502, "Error reading decoders file"],
  [1503, "Decoders file not found"],
  [1504, "The decoder does not exist or you do not have permission to see it"],
  [1701, "Agent does not exist", "Please, use `GET /agents?select=id,name` to find all available agents"],
  [1703, "Action not available for Manager (agent 000)"],
  [1707, "Cannot send request, agent is not active"],
  [1710, "The group does not exist", "Please, use `GET /agents/groups` to find all available groups"],
  [1711, "The group already exists"],
  [1712, "Default group is not deletable"],
  [1722, "Incorrect format for group_id"],
  [1724, "Not a valid select field", "Please, use only allowed select fields"],
  [1727, "Error listing group files"],
  [
    1728,
    "Invalid node type",
    `Valid types are \`master\` and \`worker\`. Please, visit ${CONFIGURE_CLUSTER} ` +
      "to get more information about cluster configuration",
  ],
  [
    1730,
    "Node does not exist",
    "Make sure the name is correct and that the node is up. You can check it using `cluster_control -l` " +
      `(${MANUAL}/reference/tools/cluster_control.html#get-connected-nodes)`,
  ],
  [1731, "Agent is not eligible for removal"],
  [1735, "Agent version is not compatible with this feature"],
  [1740, "Action only available for active agents"],
  [1757, "Error deleting an agent"],
  [1800, "Bad format in CDB list {path}"],
  [1801, "Wrong 'path' parameter"],
  [1802, "Lists file not found"],
  [1803, "Error reading lists file"],
  [1804, "Error reading lists file"],
  [1805, "File with the same name already exists in a subdirectory."],
  [1806, "Error trying to create CDB list file."],
  [1901, "'execq' socket has not been created"],
  [1902, "Connection to 'execq' socket failed"],
  [1904, "Bad data from 'wcom'"],
  [1905, "File could not be updated, it already exists"],
  [1906, "File does not exist"],
  [1907, "File could not be deleted"],
  [1908, "Error validating configuration", "Please, fix the corrupted files"],
  [1910, "Content-type header is mandatory"],
  [1911, "Error parsing body request to UTF-8"],
  [1912, "Body is empty"],
  [1913, "Error getting manager status, directory /proc is not found or permissions to see its status are not granted"],
  [1914, "Failed to reload ruleset"],
  [2003, "Error in wazuhdb request", "Make sure the request is correct"],
  [2004, "Database query not valid"],
  [2005, "Could not connect to wdb socket"],
  [2006, "Received JSON from Wazuh DB is not correctly formatted"],
  [2007, "Error retrieving data from Wazuh DB"],
  [2008, "Corrupted RBAC database"],
  [2009, "Pagination error. Response from wazuh-db was over the maximum socket buffer size"],
  [2010, "The requested read operation did not complete fully"],
  [2011, "Could not connect to the wazuh-db unix socket"],
  [2012, "Invalid wazuh-db HTTP request"],
  [2013, "Error sending HTTP request"],
  [2014, "The wazuh-db client connection timeout has been exceeded"],
  [2015, "Invalid request URL scheme"],
  [2016, "Invalid unix socket path"],
  [2017, "Could not retrieve agents synchronization information from wazuh-db"],
  [
    4000,
    "Permission denied",
    "Please, make sure you have permissions to execute the current request. For more information on how " +
      `to set up permissions, please visit ${MANUAL}/api/rbac/configuration.html`,
  ],
  [6003, "Error trying to load the JWT secret"],
];

/** Every error code that a node of this cluster may send, with the texts of dialect 4.3-zip (dapi.md 5). */
export const CATALOGUE: ReadonlyMap<number, CatalogueEntry> = new Map(
  [...CLUSTER, ...FRAMEWORK].map(([code, message, remediation]) => [
    code,
    Object.freeze(remediation === undefined ? { message } : { message, remediation }),
  ]),
);
