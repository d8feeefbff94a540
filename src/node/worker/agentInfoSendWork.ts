import { join } from "node:path";
import { fromPromise } from "xstate";
import { agentInfoSend } from "../../../machines/agentInfoSend.js";
import { AGENT_LIST_NAMES, sizeOfLists, type AgentLists } from "../../agents/AgentLists.js";
import { TO_MASTER } from "../../protocol/commands.js";
import type { Dialect } from "../../protocol/dialects/Dialect.js";
import { isPermissionGranted } from "../../protocol/payloads.js";
import { stringifyPython } from "../../protocol/pythonJson.js";
import { sendString } from "../../protocol/transfer/sendString.js";
import { PendingMark } from "../PendingMark.js";
import { processActions } from "./processActions.js";
import type { WorkerServices } from "./WorkerServices.js";

/** Stands while chunks are on their way: who finds it at its start was killed in the middle. */
const MARK = "queue/db/agent-info.pending";
/** All that the store counts as synchronised is sent once more; the master writes the same again. */
const REQUEUE_ALL = "update agent set sync_status = 'syncreq' where id > 0 and sync_status = 'synced'";

/** The sending of agents' information to the master, with the worker's store and connection under it. */
export function agentInfoSendWork(services: WorkerServices) {
  const { config, store, disk } = services;
  const chunkBytes = config.limits.transferChunkBytes;
  /**
   * Chunks that the store handed out, and so counts as synchronised, and that the master has not
   * confirmed. They outlive a lost connection, and go back to the store before the next round.
   */
  let unconfirmed: readonly string[] = [];
  let isSecondTry = false;
  const mark = new PendingMark(disk, join(config.root, MARK));
  let lists: AgentLists | undefined;
  const requeue = async (signal: AbortSignal): Promise<void> => {
    if (unconfirmed.length > 0) await store.requeueAgentInfo(unconfirmed, { signal });
    unconfirmed = [];
    await mark.remove();
  };
  /** Takes from the store what is to be sent, by the dialect's kind of it; how many chunks that are. */
  const collecting: Readonly<Record<Dialect["agentInfo"], (signal: AbortSignal) => Promise<number>>> = {
    chunks: async (signal) => {
      unconfirmed = await store.agentInfoChunks({ signal });
      return unconfirmed.length;
    },
    lists: async (signal) => {
      const read = await store.agentLists({ signal });
      unconfirmed = AGENT_LIST_NAMES.filter((name) => read[name].length > 0).map((name) => JSON.stringify(read[name]));
      lists = read;
      return sizeOfLists(read) === 0 ? 0 : AGENT_LIST_NAMES.length;
    },
  };
  const { answer, log } = processActions(services, "agentInfoSend");
  return agentInfoSend.provide({
    actors: {
      askPermission: fromPromise(async ({ signal }) => {
        const granted = await services.connection().channel.request(TO_MASTER.agentInfoPermission, "", { signal });
        return { granted: isPermissionGranted(granted) };
      }),
      collectChunks: fromPromise(async ({ signal }) => {
        await requeue(signal);
        if (await mark.isFromEarlierLife()) await store.query(REQUEUE_ALL, { signal });
        await mark.set();
        const chunks = await collecting[services.scope.dialect.agentInfo](signal);
        if (chunks === 0) await mark.remove();
        return { chunks };
      }),
      sendChunks: fromPromise(async ({ signal }) => {
        const { channel, pace } = services.connection();
        const text = stringifyPython({
          set_data_command: "global sync-agent-info-set",
          ...(lists === undefined ? { chunks: unconfirmed } : { payload: {}, chunks: { ...lists } }),
        });
        const id = await sendString(channel, text, { chunkBytes, pace, signal });
        await channel.request(TO_MASTER.agentInfoStart, id, { signal });
      }),
      returnChunks: fromPromise(({ signal }) => requeue(signal)),
    },
    actions: {
      answer,
      log,
      confirmChunks: ({ context }) => {
        // What the master could not store is sent once more, with the next round; a chunk that never fits is let go.
        const failed = (context.outcome?.errorMessages.length ?? 0) > 0;
        isSecondTry = failed && !isSecondTry;
        if (isSecondTry) return;
        unconfirmed = [];
        void mark.remove();
      },
    },
  });
}
