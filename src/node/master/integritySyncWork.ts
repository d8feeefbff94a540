import { join } from "node:path";
import { fromPromise } from "xstate";
import { integritySync } from "../../../machines/integritySync.js";
import { TO_WORKER } from "../../protocol/commands.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { formatTaskAndPath } from "../../protocol/payloads.js";
import { archivePath } from "../transferPath.js";
import { machineLog } from "../machineLog.js";
import type { MasterServices } from "./MasterServices.js";

const CLIENT_KEYS = "etc/client.keys";

/** The integrity process of a worker, with the master's disk, threads and connection under it. */
export function integritySyncWork(services: MasterServices) {
  const { config, scope, pool, indexer, clock, random } = services;
  return integritySync.provide({
    actors: {
      readPeerIndex: fromPromise(async ({ input, signal }) => {
        const peer = services.peer(input.peerId);
        const archive = join(config.root, input.path);
        const read = await pool.run<"readIndex">({ kind: "readIndex", scope, archive }, { signal });
        peer.integrity = { peerIndex: read.index };
        return { files: read.files };
      }),
      compareIndexes: fromPromise(async ({ input, signal }) => {
        const peer = services.peer(input.peerId);
        const own = indexer.current;
        const { peerIndex } = peer.integrity;
        if (own === undefined) throw MusterError.internal(1000, "the master has not indexed its own files yet; the next round will find them");
        if (peerIndex === undefined) throw MusterError.internal(1000, "the worker's index is gone");
        const settled = peer.settled().list(indexer.hashOf(CLIENT_KEYS) ?? "");
        const compared = await pool.run<"compare">({ kind: "compare", scope, own: own.buffer, peer: peerIndex, settled }, { signal });
        peer.integrity = { difference: compared.difference };
        peer.wantedGroups = compared.extraValid;
        return { counts: compared.counts };
      }),
      confirm: fromPromise(async ({ input, signal }) => {
        await services.peer(input.peerId).connection.ask(TO_WORKER.integrityInOrder, "", { signal });
      }),
      packDifference: fromPromise(async ({ input, signal }) => {
        const peer = services.peer(input.peerId);
        const { difference } = peer.integrity;
        if (difference === undefined) throw MusterError.internal(1000, "the comparison's result is gone");
        const workerName = peer.nodeName ?? "";
        const path = archivePath(workerName, clock, random, scope.dialect);
        const destination = join(config.root, path);
        const job = { kind: "packDifference", scope, difference, workerName, destination, mostPackedBytes: peer.zipLimit.bytes } as const;
        const packed = await peer.connection.make(path, (onAbandoned) => pool.run<"packDifference">(job, { signal, onAbandoned }));
        for (const problem of packed.problems) {
          services.logger.warn(`Could not pack ${problem.path}: ${problem.message}. It is tried again in the next round.`, { peer: workerName });
        }
        peer.connection.knowHash(path, packed.sha256);
        return { path, files: packed.files, bytes: packed.bytes, counts: packed.counts };
      }),
      requestTask: fromPromise(async ({ input, signal }) => {
        const taskId = await services.peer(input.peerId).connection.ask(TO_WORKER.integrityStart, "", { signal });
        return { taskId };
      }),
      sendArchive: fromPromise(async ({ input, signal }) => {
        const { connection, zipLimit } = services.peer(input.peerId);
        return await zipLimit.adapt(clock, () => connection.sendFile(input.path, input.taskId, signal));
      }),
      announce: fromPromise(async ({ input, signal }) => {
        const { connection } = services.peer(input.peerId);
        await connection.channel.request(TO_WORKER.integrityEnd, formatTaskAndPath(input.taskId, input.path), { signal });
      }),
      reportError: fromPromise(async ({ input, signal }) => {
        const { connection } = services.peer(input.peerId);
        await connection.cancelTask(input.cancelled, input.exception, { signal });
        await connection.report(TO_WORKER.integrityError, input.taskId, input.exception, { signal });
      }),
    },
    actions: {
      answer: ({ context }, answer) => {
        services.findPeer(context.peerId)?.connection.answer(answer);
      },
      log: machineLog(services, "integritySync"),
      discardFile: (_, { peerId, path }) => {
        const peer = services.findPeer(peerId);
        peer?.connection.discard([path]).catch((error: unknown) => {
          services.logger.warn(`Could not remove a file that no task takes: ${String(error)}`, { peer: peer.nodeName ?? peerId });
        });
      },
      discardWork: (_, { peerId, paths }) => {
        const peer = services.findPeer(peerId);
        if (peer === undefined) return;
        peer.integrity = {};
        peer.connection.discard(paths).catch((error: unknown) => {
          services.logger.warn(`Could not remove a transferred file: ${String(error)}`, { peer: peer.nodeName ?? peerId });
        });
      },
    },
  });
}
