import { fromPromise } from "xstate";
import { agentInfoSync, type AgentInfoOutcome } from "../../../machines/agentInfoSync.js";
import { TO_WORKER } from "../../protocol/commands.js";
import { AGENT_LIST_NAMES } from "../../agents/AgentLists.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { storeResult } from "../storeResult.js";
import { machineLog } from "../machineLog.js";
import type { Dialect } from "../../protocol/dialects/Dialect.js";
import { parseAgentChunks, parseAgentLists } from "./parseAgentChunks.js";
import type { MasterServices } from "./MasterServices.js";

/** The agent-info process of a worker, with the master's store and connection under it. */
export function agentInfoSyncWork(services: MasterServices) {
  const { store, clock } = services;

  /** Stores what a worker's string brings, by the dialect's kind of it. */
  const storing: Readonly<Record<Dialect["agentInfo"], (text: Buffer, signal: AbortSignal) => Promise<AgentInfoOutcome>>> = {
    chunks: async (text, signal) => {
      let updatedChunks = 0;
      const errorMessages: string[] = [];
      for (const chunk of parseAgentChunks(text)) {
        try {
          await store.storeAgentInfo(chunk, { signal });
          updatedChunks += 1;
        } catch (error) {
          signal.throwIfAborted();
          errorMessages.push(MusterError.from(error).toString());
        }
      }
      return { updatedChunks, errorMessages };
    },
    lists: async (text, signal) => {
      const startedAt = clock.now();
      const lists = parseAgentLists(text);
      const errorMessages: string[] = [];
      try {
        await store.storeAgentLists(lists, { signal });
      } catch (error) {
        signal.throwIfAborted();
        errorMessages.push(MusterError.from(error).toString());
      }
      const updatedChunks = errorMessages.length === 0 ? AGENT_LIST_NAMES.length : 0;
      return { updatedChunks, errorMessages, timeSpent: (clock.now() - startedAt) / 1000 };
    },
  };
  return agentInfoSync.provide({
    actors: {
      storeChunks: fromPromise(async ({ input, signal }): Promise<AgentInfoOutcome> => {
        const { connection } = services.peer(input.peerId);
        const text = connection.strings.take(input.stringId);
        if (text === undefined) throw MusterError.cluster(3035, input.stringId);
        return await storing[services.scope.dialect.agentInfo](text, signal);
      }),
      reportOutcome: fromPromise(async ({ input, signal }) => {
        await services.peer(input.peerId).connection.ask(TO_WORKER.agentInfoResult, storeResult(input.outcome), { signal });
      }),
      reportError: fromPromise(async ({ input, signal }) => {
        const { connection } = services.peer(input.peerId);
        await connection.ask(TO_WORKER.agentInfoError, errorText(input), { signal });
      }),
    },
    actions: {
      answer: ({ context }, answer) => {
        services.findPeer(context.peerId)?.connection.answer(answer);
      },
      log: machineLog(services, "agentInfoSync"),
    },
  });
}

/** The texts of `syn_m_a_err` (observed.md, sequence). */
function errorText({ stringId, code, message }: { stringId: string; code: number; message: string }): string {
  if (code === 3035) return `error while trying to access string under task_id b'${stringId}'.`;
  if (code === 3036) return `error while trying to load JSON: ${message.replace(/^[^:]*: /, "")}`;
  return message;
}
