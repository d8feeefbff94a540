import { fromPromise } from "xstate";
import { agentGroupsReceive } from "../../../machines/agentGroupsReceive.js";
import type { AgentInfoOutcome } from "../../../machines/agentInfoSync.js";
import { groupsOfChunk } from "../../agents/agentGroupsCommands.js";
import { TO_MASTER } from "../../protocol/commands.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { storeResult } from "../storeResult.js";
import { parseGroupsString } from "./parseGroupsString.js";
import { processActions } from "./processActions.js";
import type { WorkerServices } from "./WorkerServices.js";

/** The agents' groups out of the master's store, with the worker's store and connection under them (dialects.md 1.8). */
export function agentGroupsReceiveWork(services: WorkerServices) {
  const { clock, store } = services;
  /** The checksum that came with the last chunk of the last string. */
  let announcedHash: string | null = null;
  const { answer, log } = processActions(services, "agentGroupsReceive");
  return agentGroupsReceive.provide({
    actors: {
      applyGroups: fromPromise(async ({ input, signal }): Promise<AgentInfoOutcome> => {
        const startedAt = clock.now();
        announcedHash = null;
        const text = services.connection().strings.take(input.stringId);
        if (text === undefined) throw MusterError.cluster(3035, input.stringId);
        let updatedChunks = 0;
        const errorMessages: string[] = [];
        for (const chunk of parseGroupsString(text)) {
          try {
            const { data, hash } = groupsOfChunk(chunk);
            announcedHash = hash;
            if (await store.setAgentGroups(data, { signal })) updatedChunks += 1;
          } catch (error) {
            signal.throwIfAborted();
            errorMessages.push(MusterError.from(error).toString());
          }
        }
        return { updatedChunks, errorMessages, timeSpent: (clock.now() - startedAt) / 1000 };
      }),
      reportOutcome: fromPromise(async ({ input, signal }) => {
        const command = input.full ? TO_MASTER.groupsFullResult : TO_MASTER.groupsResult;
        await services.connection().ask(command, storeResult(input.outcome), { signal });
      }),
      compareChecksums: fromPromise(async ({ signal }) => {
        if (announcedHash === null) return { same: null };
        return { same: (await store.agentGroupsHash({ signal })) === announcedHash };
      }),
      askFullSet: fromPromise(async ({ signal }) => {
        await services.connection().ask(TO_MASTER.groupsFullSet, "", { signal });
      }),
      recalculateHashes: fromPromise(({ signal }) => store.recalculateAgentGroupHashes({ signal })),
      reportError: fromPromise(async ({ input, signal }) => {
        const command = input.full ? TO_MASTER.groupsFullError : TO_MASTER.groupsError;
        await services.connection().ask(command, errorText(input), { signal });
      }),
    },
    actions: { answer, log },
  });
}

/** The texts of `syn_w_g_err` and `syn_wgc_err` (dialects.md 1.7, 1.8). */
function errorText({ stringId, code, message }: { stringId: string; code: number; message: string }): string {
  if (code === 3035) return `error while trying to access string under task_id b'${stringId}'.`;
  if (code === 3036) return `error while trying to load JSON: ${message.replace(/^[^:]*: /, "")}`;
  return `error processing agent-groups chunks in process pool: ${message}`;
}
