import { join } from "node:path";
import { fromPromise } from "xstate";
import { extraValidSend } from "../../../machines/extraValidSend.js";
import { TO_MASTER } from "../../protocol/commands.js";
import { formatTaskAndPath, isPermissionGranted } from "../../protocol/payloads.js";
import { archivePath, transferFolder } from "../transferPath.js";
import { processActions } from "./processActions.js";
import type { WorkerServices } from "./WorkerServices.js";

/** The sending of group files to the master, with the worker's disk, threads and connection under it. */
export function extraValidSendWork(services: WorkerServices) {
  const { config, scope, pool, clock, random, logger } = services;
  const { nodeName } = config.cluster;
  return extraValidSend.provide({
    actors: {
      mergeGroups: fromPromise(async ({ input, signal }) => {
        const path = `${transferFolder(nodeName)}/agent-groups.merged`;
        const job = { kind: "mergeGroups", scope, paths: input.paths, destination: join(config.root, path) } as const;
        const merged = await services.connection().make(path, (onAbandoned) => pool.run<"mergeGroups">(job, { signal, onAbandoned }));
        for (const problem of merged.problems) logger.warn(`Could not send ${problem.path}: ${problem.message}`, { subtag: "Integrity sync" });
        return { path, parts: merged.parts };
      }),
      askPermission: fromPromise(async ({ signal }) => {
        const answer = await services.connection().channel.request(TO_MASTER.extraValidPermission, "", { signal });
        return { granted: isPermissionGranted(answer) };
      }),
      requestTask: fromPromise(async ({ signal }) => ({
        taskId: await services.connection().ask(TO_MASTER.extraValidStart, "", { signal }),
      })),
      packGroups: fromPromise(async ({ input, signal }) => {
        const connection = services.connection();
        const path = archivePath(nodeName, clock, random, scope.dialect);
        const job = { kind: "packGroups", scope, merged: input.mergedPath, destination: join(config.root, path) } as const;
        const packed = await connection.make(path, (onAbandoned) => pool.run<"packGroups">(job, { signal, onAbandoned }));
        connection.knowHash(path, packed.sha256);
        return { path, bytes: packed.bytes };
      }),
      sendArchive: fromPromise(({ input, signal }) => services.connection().sendFile(input.path, input.taskId, signal)),
      announce: fromPromise(async ({ input, signal }) => {
        const payload = formatTaskAndPath(input.taskId, input.path);
        await services.connection().channel.request(TO_MASTER.extraValidEnd, payload, { signal });
      }),
      reportError: fromPromise(async ({ input, signal }) => {
        await services.connection().report(TO_MASTER.extraValidError, input.taskId, input.exception, { signal });
      }),
    },
    actions: (({ log, discardWork }) => ({ log, discardWork }))(processActions(services, "extraValidSend")),
  });
}
