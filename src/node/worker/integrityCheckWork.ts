import { join } from "node:path";
import { fromPromise } from "xstate";
import { integrityCheck } from "../../../machines/integrityCheck.js";
import { TO_MASTER } from "../../protocol/commands.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { formatTaskAndPath, isPermissionGranted } from "../../protocol/payloads.js";
import { archivePath } from "../transferPath.js";
import { processActions } from "./processActions.js";
import type { WorkerServices } from "./WorkerServices.js";

/** The integrity check of a worker, with its disk, threads and connection under it. */
export function integrityCheckWork(services: WorkerServices) {
  const { config, scope, pool, indexer, clock, random } = services;
  return integrityCheck.provide({
    actors: {
      indexFiles: fromPromise(({ signal }) => indexer.refresh(signal)),
      askPermission: fromPromise(async ({ signal }) => {
        const answer = await services.connection().channel.request(TO_MASTER.integrityPermission, "", { signal });
        return { granted: isPermissionGranted(answer) };
      }),
      requestTask: fromPromise(async ({ signal }) => ({
        taskId: await services.connection().ask(TO_MASTER.integrityStart, "", { signal }),
      })),
      packIndex: fromPromise(async ({ signal }) => {
        const index = indexer.current;
        if (index === undefined) throw MusterError.internal(1000, "the files have not been indexed");
        const connection = services.connection();
        const path = archivePath(config.cluster.nodeName, clock, random, scope.dialect);
        const job = { kind: "packIndex", scope, index: index.buffer, destination: join(config.root, path) } as const;
        const packed = await connection.make(path, (onAbandoned) => pool.run<"packIndex">(job, { signal, onAbandoned }));
        connection.knowHash(path, packed.sha256);
        return { path, bytes: packed.bytes };
      }),
      sendArchive: fromPromise(({ input, signal }) => services.connection().sendFile(input.path, input.taskId, signal)),
      announce: fromPromise(async ({ input, signal }) => {
        const payload = formatTaskAndPath(input.taskId, input.path);
        await services.connection().channel.request(TO_MASTER.integrityEnd, payload, { signal });
      }),
      reportError: fromPromise(async ({ input, signal }) => {
        await services.connection().report(TO_MASTER.integrityError, input.taskId, input.exception, { signal });
      }),
    },
    actions: processActions(services, "integrityCheck"),
  });
}
