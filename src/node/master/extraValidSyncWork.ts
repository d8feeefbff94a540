import { join } from "node:path";
import { fromPromise } from "xstate";
import { extraValidSync } from "../../../machines/extraValidSync.js";
import { TO_WORKER } from "../../protocol/commands.js";
import { machineLog } from "../machineLog.js";
import type { MasterServices } from "./MasterServices.js";

const GROUPS_FOLDER = "queue/agent-groups/";

/** The extra-valid process of a worker, with the master's disk, threads and connection under it. */
export function extraValidSyncWork(services: MasterServices) {
  const { config, scope, disk, pool, logger } = services;
  return extraValidSync.provide({
    actors: {
      openArchive: fromPromise(async ({ input }) => {
        services.peer(input.peerId);
        return { parts: await disk.size(join(config.root, input.path)) };
      }),
      applyGroups: fromPromise(async ({ input, signal }) => {
        const peer = services.peer(input.peerId);
        const workerName = peer.nodeName ?? "";
        const wanted = peer.wantedGroups;
        const applied = await pool.run<"applyExtraValid">(
          {
            kind: "applyExtraValid",
            scope,
            workerName,
            archive: join(config.root, input.path),
            asked: wanted.map(({ path }) => path),
          },
          { signal },
        );
        const unknown = new Set(applied.unknownAgents.map((id) => `${GROUPS_FOLDER}${id}`));
        for (const path of peer.settled().refuse(wanted.filter((file) => unknown.has(file.path)))) {
          logger.warn(`${path} of ${workerName} belongs to an agent that this master does not know. It is left out until it changes or the agent is registered.`, { peer: workerName });
        }
        for (const problem of applied.problems) {
          logger.warn(`Could not take ${problem.path} of ${workerName}: ${problem.message}`, { peer: workerName });
        }
        const { written, older, unknownAgents } = applied;
        return { written, skipped: older + unknownAgents.length, unknownAgents };
      }),
      reportError: fromPromise(async ({ input, signal }) => {
        // The protocol has no command for it in this direction; a log line of the worker's is what it gives.
        await services.peer(input.peerId).connection.report(TO_WORKER.integrityError, null, input.exception, { signal });
      }),
    },
    actions: {
      answer: ({ context }, answer) => {
        services.findPeer(context.peerId)?.connection.answer(answer);
      },
      log: machineLog(services, "extraValidSync"),
      discardFile: (_, { peerId, path }) => {
        const peer = services.findPeer(peerId);
        peer?.connection.discard([path]).catch((error: unknown) => {
          logger.warn(`Could not remove a file that no task takes: ${String(error)}`, { peer: peer.nodeName ?? peerId });
        });
      },
      discardWork: (_, { peerId, paths }) => {
        const peer = services.findPeer(peerId);
        peer?.connection.discard(paths).catch((error: unknown) => {
          logger.warn(`Could not remove a transferred file: ${String(error)}`, { peer: peer.nodeName ?? peerId });
        });
      },
    },
  });
}
