import { z } from "zod";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { type CatalogueFunction, defineFunction, type FunctionContext } from "../CatalogueFunction.js";
import { stepItem } from "../cluster/WorkerStep.js";
import { denied, isAllowed } from "../rbac/permissions.js";
import { type ApiResult, affectedItems } from "../results/ApiResult.js";
import { nameList } from "./ruleset/filterArguments.js";

const WORKERS = {
  allMessage: "All selected workers were returned",
  someMessage: "Some workers were not returned",
  noneMessage: "No worker was returned",
};

const stepsSchema = z.strictObject({ filter_node: nameList.nullish() });

/** Muster's own: a foreign master has no such function, and the reference's answers stay as they are recorded. */
export function stepFunctions(): readonly CatalogueFunction[] {
  return [
    defineFunction({
      module: "muster.cluster",
      qualname: "get_steps",
      requestType: "local_master",
      permission: { action: "cluster:read", resource: "node:id" },
      readOnly: true,
      schema: stepsSchema,
      run: (args, context) => Promise.resolve(getSteps(args.filter_node ?? null, context)),
    }),
  ];
}

/** Which workers are in step, which are out of step, since when and why. @param names null: all that may be seen */
function getSteps(names: readonly string[] | null, { cluster, request }: FunctionContext): ApiResult {
  const mayRead = (name: string): boolean => isAllowed(request.rbacPermissions, "cluster:read", "node:id", name);
  const all = cluster.steps();
  const wanted = [...new Set(names ?? all.map(({ worker }) => worker))];
  const allowed = new Set(wanted.filter(mayRead));
  const found = all.filter(({ worker }) => allowed.has(worker));
  const absent = [...allowed].filter((name) => !all.some(({ worker }) => worker === name));
  const refused = names === null ? [] : wanted.filter((name) => !allowed.has(name));
  return affectedItems({
    affectedItems: found.map(stepItem),
    failedItems: [
      ...(absent.length === 0 ? [] : [{ error: MusterError.notFound(1730), ids: absent }]),
      ...(refused.length === 0 ? [] : [{ error: denied("node:id"), ids: refused }]),
    ],
    ...WORKERS,
  });
}
