import { z } from "zod";
import { type CatalogueFunction, defineFunction } from "../CatalogueFunction.js";
import { parseInstant } from "../query/parseInstant.js";
import { itemsOfNode, type NodeMessages } from "./manager/NodeMessages.js";
import { readHourly, readWeekly } from "./stats/readAverages.js";
import { readStateFile } from "./stats/readStateFile.js";
import { readTotals } from "./stats/readTotals.js";

const shared = {
  module: "wazuh.stats",
  requestType: "distributed_master",
  permission: { action: "cluster:read", resource: "node:id" },
  readOnly: true,
} as const;

/** Longest path of a state file in an argument, in characters. */
const LONGEST_PATH = 4096;

const noArguments = z.strictObject({});

/** A datetime, or a text such as `2021-06-01`. */
const day = z.union([
  z.date(),
  z.string().transform((text, context) => {
    const instant = parseInstant(text);
    if (instant !== undefined) return new Date(instant);
    context.addIssue("must be a date: YYYY-MM-DD");
    return z.NEVER;
  }),
]);

/** `Statistical information[ per hour] for each node was successfully read` and so on (dapi.md 3.2). */
function messagesOf(per = ""): NodeMessages {
  return {
    allMessage: `Statistical information${per} for each node was successfully read`,
    someMessage: `Could not read statistical information${per} for some nodes`,
    noneMessage: `Could not read statistical information${per} for any node`,
  };
}

/** The functions of a node's statistics (dapi.md 3.2). */
export function statsFunctions(): readonly CatalogueFunction[] {
  return [
    defineFunction({
      ...shared,
      qualname: "totals",
      schema: z.strictObject({ date: day.nullish().describe("The day; today in UTC when it is not said.") }),
      run: async ({ date }, context) => {
        // As in the reference, a day without statistics fails the request, not an item.
        const hours = await readTotals(context, date ?? new Date(context.clock.wallTime()));
        return itemsOfNode(context, messagesOf(), () => Promise.resolve(hours));
      },
    }),
    defineFunction({
      ...shared,
      qualname: "hourly",
      schema: noArguments,
      run: (_, context) => itemsOfNode(context, messagesOf(" per hour"), async () => [await readHourly(context)]),
    }),
    defineFunction({
      ...shared,
      qualname: "weekly",
      schema: noArguments,
      run: (_, context) => itemsOfNode(context, messagesOf(" per week"), () => readWeekly(context)),
    }),
    defineFunction({
      ...shared,
      qualname: "get_daemons_stats",
      schema: z.strictObject({ filename: z.string().max(LONGEST_PATH) }),
      run: async ({ filename }, context) => {
        const counters = await readStateFile(context, filename);
        return itemsOfNode(context, messagesOf(), () => Promise.resolve([counters]));
      },
    }),
  ];
}
