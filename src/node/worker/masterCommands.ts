import type { WorkerEvent } from "../../../machines/worker.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import { TO_WORKER } from "../../protocol/commands.js";
import type { Dialect, ProcessRules } from "../../protocol/dialects/Dialect.js";
import { parseAgentInfoResult, parseStringId, parseTaskAndError, parseTaskAndPath } from "../../protocol/payloads.js";
import type { Connection } from "../Connection.js";

type Translate = (request: IncomingRequest, connection: Connection, newTaskId: () => string) => WorkerEvent;

const COMMANDS: readonly (readonly [string, Translate])[] = [
  [
    TO_WORKER.integrityInOrder,
    ({ counter }) => ({ type: "MASTER_ASKED", to: "integrityCheck", event: { type: "VERDICT_IN_STEP", requestId: counter } }),
  ],
  [
    TO_WORKER.check,
    ({ counter }) => ({ type: "MASTER_ASKED", to: "integrityCheck", event: { type: "CHECK_ASKED", requestId: counter } }),
  ],
  [
    TO_WORKER.integrityStart,
    ({ counter }, _, newTaskId) => ({
      type: "MASTER_ASKED",
      to: "integrityApply",
      event: { type: "TASK_REQUESTED", requestId: counter, taskId: newTaskId() },
    }),
  ],
  [
    TO_WORKER.integrityEnd,
    ({ counter, command, payload }, connection) => {
      const { taskId, path } = parseTaskAndPath(command, payload);
      const taken = connection.takeFile(path);
      return {
        type: "MASTER_ASKED",
        to: "integrityApply",
        event: { type: "FILE_ANNOUNCED", requestId: counter, taskId, path: taken ?? path, received: taken !== undefined },
      };
    },
  ],
  [
    TO_WORKER.integrityError,
    ({ counter, command, payload }) => {
      const { taskId, error } = parseTaskAndError(command, payload);
      return {
        type: "MASTER_ASKED",
        to: "integrityApply",
        event: { type: "ERROR_REPORTED", requestId: counter, taskId, message: error.message },
      };
    },
  ],
  [
    TO_WORKER.agentInfoResult,
    ({ counter, command, payload }) => ({
      type: "MASTER_ASKED",
      to: "agentInfoSend",
      event: { type: "RESULT_RECEIVED", requestId: counter, outcome: parseAgentInfoResult(command, payload) },
    }),
  ],
  [
    TO_WORKER.agentInfoError,
    ({ counter, payload }) => ({
      type: "MASTER_ASKED",
      to: "agentInfoSend",
      event: { type: "RESULT_FAILED", requestId: counter, message: payload.toString("utf8") },
    }),
  ],
];

const groups =
  (full: boolean): Translate =>
  ({ counter, command, payload }) => ({
    type: "MASTER_ASKED",
    to: "agentGroupsReceive",
    event: { type: "STRING_ANNOUNCED", requestId: counter, stringId: parseStringId(command, payload), full },
  });

const TABLES: Readonly<Record<ProcessRules["agentGroups"], ReadonlyMap<string, Translate>>> = {
  files: new Map(COMMANDS),
  store: new Map([...COMMANDS, [TO_WORKER.groups, groups(false)], [TO_WORKER.groupsFull, groups(true)]]),
};

/**
 * Master → worker (protocol.md 5; dialects.md 1.3), as far as the worker machine and its processes answer it: how a
 * command of this dialect becomes an event. Undefined for a command that it does not have.
 */
export function masterCommand(command: string, { rules }: Pick<Dialect, "rules">): Translate | undefined {
  return TABLES[rules.agentGroups].get(command);
}
