import { join } from "node:path";
import { fromPromise } from "xstate";
import type { CompareResult, DifferenceCounts, ReadIndexResult } from "../../../workers/jobs.js";
import { integritySync } from "../../../machines/integritySync.js";
import { TO_WORKER } from "../../protocol/commands.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { formatTaskAndPath } from "../../protocol/payloads.js";
import { archivePath } from "../transferPath.js";
import { machineLog } from "../machineLog.js";
import type { MasterPeer } from "./MasterPeer.js";
import type { MasterServices } from "./MasterServices.js";
import { PackedArchives } from "./PackedArchives.js";
import { SharedResults } from "./SharedResults.js";

const CLIENT_KEYS = "etc/client.keys";
/** Workers' indexes, and comparisons with them, that are kept for other workers with the same files. */
const SHARED_RESULTS = 4;
const NOTHING: DifferenceCounts = Object.freeze({ missing: 0, shared: 0, extra: 0, extraValid: 0 });

/** The integrity process of a worker, with the master's disk, threads and connection under it. */
export function integritySyncWork(services: MasterServices) {
  const { config, scope, pool, indexer, clock, random } = services;
  const indexes = new SharedResults<ReadIndexResult>(SHARED_RESULTS);
  const comparisons = new SharedResults<CompareResult>(SHARED_RESULTS);
  const archives = new PackedArchives(services.disk, config.root);

  /** Nothing has changed on either side since the worker was found in step: neither index need be looked at. */
  const isStillInStep = ({ inStep, integrity }: MasterPeer): boolean =>
    inStep !== undefined && inStep.archiveHash === integrity.archiveHash && inStep.version === indexer.current?.version;

  /** The worker's index of this round; workers with the same files send the same one. */
  const read = async ({ integrity }: MasterPeer, signal: AbortSignal): Promise<{ readonly index: SharedArrayBuffer; readonly files: number }> => {
    const { archive, archiveHash, peerIndex, files = 0 } = integrity;
    if (peerIndex !== undefined) return { index: peerIndex, files };
    if (archive === undefined) throw MusterError.internal(1000, "the worker's index is gone");
    const make = (): Promise<ReadIndexResult> => pool.run<"readIndex">({ kind: "readIndex", scope, archive: join(config.root, archive) });
    const result = await (archiveHash === undefined ? make() : indexes.of(archiveHash, make));
    signal.throwIfAborted();
    return result;
  };

  return integritySync.provide({
    actors: {
      readPeerIndex: fromPromise(async ({ input, signal }) => {
        const peer = services.peer(input.peerId);
        peer.integrity = { archive: input.path, archiveHash: peer.connection.takenHash(input.path) };
        const { inStep } = peer;
        if (inStep !== undefined && isStillInStep(peer)) return { files: inStep.files };
        const { index, files } = await read(peer, signal);
        Object.assign(peer.integrity, { peerIndex: index, files });
        return { files };
      }),
      compareIndexes: fromPromise(async ({ input, signal }) => {
        const peer = services.peer(input.peerId);
        const own = indexer.current;
        if (own === undefined) throw MusterError.internal(1000, "the master has not indexed its own files yet; the next round will find them");
        if (isStillInStep(peer)) {
          peer.integrity = {};
          peer.wantedGroups = [];
          return { counts: NOTHING };
        }
        const { archiveHash } = peer.integrity;
        const { index, files } = await read(peer, signal);
        const settled = peer.settled().list(indexer.hashOf(CLIENT_KEYS) ?? "");
        const compare = (): Promise<CompareResult> => pool.run<"compare">({ kind: "compare", scope, own: own.buffer, peer: index, settled });
        const key = `${String(own.version)} ${archiveHash ?? ""} ${JSON.stringify(settled)}`;
        const compared = await (archiveHash === undefined ? compare() : comparisons.of(key, compare));
        signal.throwIfAborted();
        peer.integrity = { difference: compared.difference, content: compared.content };
        peer.wantedGroups = compared.extraValid;
        if (archiveHash !== undefined && isNothing(compared.counts)) peer.inStep = { archiveHash, version: own.version, files };
        return { counts: compared.counts };
      }),
      confirm: fromPromise(async ({ input, signal }) => {
        await services.peer(input.peerId).connection.ask(TO_WORKER.integrityInOrder, "", { signal });
      }),
      packDifference: fromPromise(async ({ input, signal }) => {
        const peer = services.peer(input.peerId);
        const { difference, content = null } = peer.integrity;
        if (difference === undefined) throw MusterError.internal(1000, "the comparison's result is gone");
        const workerName = peer.nodeName ?? "";
        const path = archivePath(workerName, clock, random, scope.dialect);
        const destination = join(config.root, path);
        const { bytes: mostPackedBytes } = peer.zipLimit;
        const job = { kind: "packDifference", scope, difference, workerName, destination, mostPackedBytes } as const;
        // Workers with other limits get other archives of the same content.
        const shared = content === null ? null : `${content} ${String(mostPackedBytes)}`;
        const packed = await peer.connection.make(path, (onAbandoned) =>
          archives.take({ content: shared, path, signal, pack: () => pool.run<"packDifference">(job, { signal, onAbandoned }) }),
        );
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

function isNothing({ missing, shared, extra, extraValid }: DifferenceCounts): boolean {
  return missing + shared + extra + extraValid === 0;
}
