import { join } from "node:path";
import { fromPromise } from "xstate";
import { integrityApply } from "../../../machines/integrityApply.js";
import { TO_MASTER } from "../../protocol/commands.js";
import { processActions } from "./processActions.js";
import type { WorkerServices } from "./WorkerServices.js";

/** The application of the master's archives, with the worker's disk, threads and connection under it. */
export function integrityApplyWork(services: WorkerServices) {
  const { config, scope, pool, store, logger } = services;
  return integrityApply.provide({
    actors: {
      unpack: fromPromise(async ({ input, signal }) => {
        const archive = join(config.root, input.path);
        const connection = services.connection();
        const onAbandoned = (): void => void connection.drop([input.path]);
        const unpacked = await pool.run<"unpack">({ kind: "unpack", scope, archive, folder: `${archive}dir` }, { signal, onAbandoned });
        return { counts: unpacked.counts };
      }),
      applyFiles: fromPromise(async ({ input, signal }) => {
        const folder = `${join(config.root, input.path)}dir`;
        const applied = await pool.run<"apply">({ kind: "apply", scope, folder }, { signal });
        for (const problem of applied.problems) logger.error(`Could not apply ${problem.path}: ${problem.message}`, { subtag: "Integrity sync" });
        if (applied.removedAgents.length > 0) {
          // The files are in place whatever the store says: its rows are removed with the next change of the keys.
          await store.deleteBelongs(applied.removedAgents, { signal }).catch((error: unknown) => {
            logger.error(`Could not remove the groups of removed agents from the agent store: ${String(error)}`, { subtag: "Integrity sync" });
          });
        }
        if (scope.dialect.reloadsRuleset && applied.rulesetChanged) services.reload?.want();
        void services.reload?.roundEnded();
        const { created, overwritten, deleted, problems, extraValid } = applied;
        return { created, overwritten, deleted, problems: problems.length, extraValid };
      }),
      reportError: fromPromise(async ({ input, signal }) => {
        await services.connection().cancelTask(input.cancelled, input.exception, { signal });
        await services.connection().report(TO_MASTER.integrityError, null, input.exception, { signal });
      }),
    },
    actions: {
      ...processActions(services, "integrityApply"),
      discardFile: (_, { path }) => {
        services.findConnection()?.discard([path]).catch((error: unknown) => {
          logger.warn(`Could not remove a file that no task takes: ${String(error)}`, { process: "integrityApply" });
        });
      },
    },
  });
}
