/**
 * The words of the wire: command names by direction, answer commands and answer texts (protocol.md
 * 3, 4, 5 and 12). `payloads.ts` reads and writes what the commands carry.
 */

/** Commands that both sides answer (protocol.md 3). */
export const COMMON = Object.freeze({
  echo: "echo",
  newFile: "new_file",
  fileUpdate: "file_upd",
  fileEnd: "file_end",
  newString: "new_str",
  stringUpdate: "str_upd",
  stringError: "err_str",
  /** To the sender of a file: whoever waits for it has given up (dialects.md 1.3). */
  cancelTask: "cancel_task",
} as const);

/** Worker → master (protocol.md 4). */
export const TO_MASTER = Object.freeze({
  hello: "hello",
  keepalive: "echo-c",
  integrityPermission: "syn_i_w_m_p",
  integrityStart: "syn_i_w_m",
  integrityEnd: "syn_i_w_m_e",
  integrityError: "syn_i_w_m_r",
  extraValidPermission: "syn_e_w_m_p",
  extraValidStart: "syn_e_w_m",
  extraValidEnd: "syn_e_w_m_e",
  extraValidError: "syn_e_w_m_r",
  agentInfoPermission: "syn_a_w_m_p",
  agentInfoStart: "syn_a_w_m",
  groupsFullSet: "syn_w_g_c",
  groupsResult: "syn_w_g_e",
  groupsError: "syn_w_g_err",
  groupsFullResult: "syn_wgc_e",
  groupsFullError: "syn_wgc_err",
  dapi: "dapi",
  dapiResult: "dapi_res",
  dapiError: "dapi_err",
  getNodes: "get_nodes",
  getHealth: "get_health",
  sendsync: "sendsync",
  /** muster's own: announces features; a foreign master answers `err` (quality.md 1, push). */
  features: "muster",
} as const);

/** Master → worker (protocol.md 5). */
export const TO_WORKER = Object.freeze({
  echo: "echo-m",
  integrityInOrder: "syn_m_c_ok",
  integrityStart: "syn_m_c",
  integrityEnd: "syn_m_c_e",
  integrityError: "syn_m_c_r",
  agentInfoResult: "syn_m_a_e",
  agentInfoError: "syn_m_a_err",
  groups: "syn_g_m_w",
  groupsFull: "syn_g_m_w_c",
  dapi: "dapi",
  dapiResult: "dapi_res",
  dapiError: "dapi_err",
  sendsyncResult: "sendsyn_res",
  sendsyncError: "sendsyn_err",
  /** muster's own: asks for an integrity round at once (quality.md 1, push). */
  check: "mst_check",
} as const);

/** Local client → node (protocol.md 12). */
export const TO_LOCAL_NODE = Object.freeze({
  getConfig: "get_config",
  getNodes: "get_nodes",
  getHealth: "get_health",
  dapi: "dapi",
  dapiForward: "dapi_fwd",
  sendsync: "sendsync",
  sendasync: "sendasync",
  sendFile: "send_file",
  getHash: "get_hash",
  reloadRuleset: "sendrreload",
} as const);

/** Node → local client (protocol.md 12). The last two are requests there, not answers. */
export const TO_LOCAL_CLIENT = Object.freeze({
  dapiResult: "dapi_res",
  dapiError: "dapi_err",
  sendFileResult: "send_f_res",
  controlResult: "control_res",
  sendsyncResult: "ok",
  sendsyncError: "err",
} as const);

/** Commands that can be answers (protocol.md 2). */
export const ANSWER = Object.freeze({
  ok: "ok",
  err: "err",
  /** The master's answer to `echo-c`. */
  okFromMaster: "ok-m",
  /** The worker's answer to `echo-m`. */
  okFromClient: "ok-c",
} as const);

/** Answer commands that travel with a blank as their last character (observed.md, framing). */
export const ANSWER_FIELD = Object.freeze({
  newFile: "ok ",
  keepalive: "ok-m ",
} as const);

export type AnswerCommand = (typeof ANSWER)[keyof typeof ANSWER];

const ANSWER_COMMANDS: ReadonlySet<string> = new Set(Object.values(ANSWER));

/** Whether a message with this command can be an answer (protocol.md 2). */
export function isAnswerCommand(command: string): command is AnswerCommand {
  return ANSWER_COMMANDS.has(command);
}

/** The texts that answers carry, letter by letter (protocol.md 3, 4, 5 and 12). */
export const ANSWER_TEXT = Object.freeze({
  readyForFile: "Ready to receive new file",
  fileUpdated: "File updated",
  fileReceived: "File received correctly",
  checksumsDiffer: "File wasn't correctly received. Checksums aren't equal.",
  writePathRefused: "Write path not allowed",
  stringUpdated: "String updated",
  noString: "None",
  permissionGranted: "True",
  permissionRefused: "False",
  /** To `…_e`: the named file is taken. */
  fileTaken: "File correctly received",
  /** To `…_r`. */
  errorReceived: "Error received",
  thanks: "Thanks",
  /** To `cancel_task`. */
  requestReceived: "Request received correctly",
  /** To `syn_w_g_c`; the reference answers with a text of no meaning (dialects.md 1.3). */
  fullSetTask: "Sending all agent-groups",
  dapiQueued: "Added request to API requests queue",
  dapiForwarded: "Forwarded response",
  dapiForwardedToWorker: "Response forwarded to worker",
  dapiErrorForwarded: "DAPI error forwarded to worker",
  dapiRequestForwarded: "Request forwarded to worker node",
  sendsyncQueued: "Added request to SendSync requests queue",
  sendsyncErrorForwarded: "SendSync error forwarded to worker",
  /** To a local client's `sendasync`; spelt differently from `sendsyncQueued`. */
  sendasyncQueued: "Added request to sendsync requests queue",
  sentToMaster: "Sent request to master node",
  forwardingFile: "Forwarding file to master node",
  localDapiReceived: "Distributed api response received",
  localResponseReceived: "Response received",
  localSendsyncReceived: "Sendsync response received",
  localErrorReceived: "Error response received",
} as const);

/** What the payload of a keepalive is (protocol.md 4). */
export const KEEPALIVE_PAYLOAD = "keepalive";
/** The task id of an error report that belongs to no task (protocol.md 4, `…_r`). */
export const NO_TASK = "None";
/** How the text of a failed string reservation begins (protocol.md 3). */
export const ERROR_TEXT_PREFIX = "Error";
