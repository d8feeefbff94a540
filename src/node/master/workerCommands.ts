import type { WorkerPeerEvent } from "../../../machines/workerPeer.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import { COMMON, TO_MASTER } from "../../protocol/commands.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { parseHello } from "../../protocol/hello.js";
import type { Dialect, ProcessRules } from "../../protocol/dialects/Dialect.js";
import { parseAgentInfoResult, parseStringId, parseTaskAndError, parseTaskAndPath } from "../../protocol/payloads.js";
import type { Connection } from "../Connection.js";

/** A worker's command as an event of its peer machine. `newTaskId`: an id for a task that it may open. */
type Translate = (request: IncomingRequest, connection: Connection, newTaskId: () => string) => WorkerPeerEvent;

const ask = (to: "integritySync" | "extraValidSync") => ({
  permission: ({ counter }: IncomingRequest): WorkerPeerEvent => ({
    type: "PEER_ASKED",
    to,
    event: { type: "PERMISSION_ASKED", requestId: counter },
  }),
  start: ({ counter }: IncomingRequest, _: Connection, newTaskId: () => string): WorkerPeerEvent => ({
    type: "PEER_ASKED",
    to,
    event: { type: "TASK_REQUESTED", requestId: counter, taskId: newTaskId() },
  }),
  end: ({ counter, command, payload }: IncomingRequest, connection: Connection): WorkerPeerEvent => {
    const { taskId, path } = parseTaskAndPath(command, payload);
    const taken = connection.takeFile(path);
    return {
      type: "PEER_ASKED",
      to,
      event: { type: "FILE_ANNOUNCED", requestId: counter, taskId, path: taken ?? path, received: taken !== undefined },
    };
  },
  error: ({ counter, command, payload }: IncomingRequest): WorkerPeerEvent => {
    const { taskId, error } = parseTaskAndError(command, payload);
    return {
      type: "PEER_ASKED",
      to,
      event: { type: "ERROR_REPORTED", requestId: counter, taskId, message: error.message },
    };
  },
});

const integrity = ask("integritySync");
const extraValid = ask("extraValidSync");

const COMMANDS: readonly (readonly [string, Translate])[] = [
  [
    TO_MASTER.hello,
    ({ counter, payload }) => {
      try {
        return { type: "HELLO_RECEIVED", requestId: counter, hello: parseHello(payload) };
      } catch (error) {
        return { type: "HELLO_REJECTED", requestId: counter, error: MusterError.from(error) };
      }
    },
  ],
  [TO_MASTER.integrityPermission, integrity.permission],
  [TO_MASTER.integrityStart, integrity.start],
  [TO_MASTER.integrityEnd, integrity.end],
  [TO_MASTER.integrityError, integrity.error],
  [
    TO_MASTER.agentInfoPermission,
    ({ counter }) => ({ type: "PEER_ASKED", to: "agentInfoSync", event: { type: "PERMISSION_ASKED", requestId: counter } }),
  ],
  [
    TO_MASTER.agentInfoStart,
    ({ counter, command, payload }) => ({
      type: "PEER_ASKED",
      to: "agentInfoSync",
      event: { type: "STRING_ANNOUNCED", requestId: counter, stringId: parseStringId(command, payload) },
    }),
  ],
];

const groupsResult =
  (full: boolean): Translate =>
  ({ counter, command, payload }) => ({
    type: "PEER_ASKED",
    to: "agentGroupsSend",
    event: { type: "RESULT_RECEIVED", requestId: counter, full, outcome: parseAgentInfoResult(command, payload) },
  });
const groupsError =
  (full: boolean): Translate =>
  ({ counter, payload }) => ({
    type: "PEER_ASKED",
    to: "agentGroupsSend",
    event: { type: "RESULT_FAILED", requestId: counter, full, message: payload.toString("utf8") },
  });

/** The commands of the agents' groups, by where a dialect lets them travel. */
const GROUPS_COMMANDS: Readonly<Record<ProcessRules["agentGroups"], readonly (readonly [string, Translate])[]>> = {
  files: [
    [TO_MASTER.extraValidPermission, extraValid.permission],
    [TO_MASTER.extraValidStart, extraValid.start],
    [TO_MASTER.extraValidEnd, extraValid.end],
    [TO_MASTER.extraValidError, extraValid.error],
  ],
  store: [
    [
      TO_MASTER.groupsFullSet,
      ({ counter }) => ({ type: "PEER_ASKED", to: "agentGroupsSend", event: { type: "FULL_SET_ASKED", requestId: counter } }),
    ],
    [TO_MASTER.groupsResult, groupsResult(false)],
    [TO_MASTER.groupsError, groupsError(false)],
    [TO_MASTER.groupsFullResult, groupsResult(true)],
    [TO_MASTER.groupsFullError, groupsError(true)],
  ],
};

const TABLES: Readonly<Record<ProcessRules["agentGroups"], ReadonlyMap<string, Translate>>> = {
  files: new Map([...COMMANDS, ...GROUPS_COMMANDS.files]),
  store: new Map([...COMMANDS, ...GROUPS_COMMANDS.store]),
};

/**
 * Worker → master (protocol.md 4; dialects.md 1.3), as far as the peer machine and its processes answer it: how a
 * command of this dialect becomes an event. Undefined for a command that it does not have.
 */
export function workerCommand(command: string, { rules }: Pick<Dialect, "rules">): Translate | undefined {
  return TABLES[rules.agentGroups].get(command);
}

/** Commands that a worker may send only after its hello, besides those of the table (protocol.md 3). */
export const COMMON_COMMANDS: ReadonlySet<string> = new Set(Object.values(COMMON));
