import { fromPromise } from "xstate";
import { agentGroupsCollect } from "../../../machines/agentGroupsCollect.js";
import { agentGroupsSend } from "../../../machines/agentGroupsSend.js";
import { TO_WORKER } from "../../protocol/commands.js";
import { sendString } from "../../protocol/transfer/sendString.js";
import { machineLog } from "../machineLog.js";
import { GroupBatches, groupsString } from "./GroupBatches.js";
import type { MasterPeer } from "./MasterPeer.js";
import type { MasterServices } from "./MasterServices.js";

/**
 * The sending of agents' groups out of the master's store (dialects.md 1.8): what is read once for all workers, and
 * each worker's own queue of it.
 */
export function agentGroupsWork(services: MasterServices & { readonly hasWorkers: () => boolean }) {
  const { config, store } = services;
  const chunkBytes = config.limits.transferChunkBytes;
  const batches = new GroupBatches();
  /** The full set that a worker has asked for, until it is sent. */
  const fullSets = new WeakMap<MasterPeer, string>();
  return {
    agentGroupsCollect: agentGroupsCollect.provide({
      actors: {
        collectChanges: fromPromise(async ({ signal }) => {
          // Nobody would hear of what the store then counts as sent.
          if (!services.hasWorkers()) return null;
          const chunks = await store.changedAgentGroups({ signal });
          return chunks.length === 0 ? null : { batch: batches.add(chunks) };
        }),
      },
      actions: { log: machineLog(services, "agentGroupsCollect") },
    }),
    agentGroupsSend: agentGroupsSend.provide({
      actors: {
        collectAll: fromPromise(async ({ input, signal }) => {
          await store.recalculateAgentGroupHashes({ signal });
          const chunks = await store.allAgentGroups({ signal });
          fullSets.set(services.peer(input.peerId), groupsString(chunks));
          return { chunks: chunks.length };
        }),
        sendGroups: fromPromise(async ({ input, signal }) => {
          const { peerId, groups } = input;
          const peer = services.peer(peerId);
          const { channel, pace } = peer.connection;
          const text = groups.full ? fullSets.get(peer) : batches.text(groups.batch);
          if (text === undefined) throw new Error("the full set of the agents' groups is gone; the worker asks again");
          if (groups.full) fullSets.delete(peer);
          const id = await sendString(channel, text, { chunkBytes, pace, signal });
          await channel.request(groups.full ? TO_WORKER.groupsFull : TO_WORKER.groups, id, { signal });
        }),
      },
      actions: {
        answer: ({ context }, answer) => {
          services.findPeer(context.peerId)?.connection.answer(answer);
        },
        log: machineLog(services, "agentGroupsSend"),
      },
    }),
  };
}
