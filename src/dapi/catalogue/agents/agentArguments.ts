import { z } from "zod";
import { nameList } from "../ruleset/filterArguments.js";

const filterValue = z.union([nameList, z.number().transform((value) => [String(value)])]).nullish();

/** Field → the value, or the values of which an agent must have one (dapi.md 3.3, filters). */
export const agentFilters = z.record(z.string().max(256), filterValue);

/** Filters as functions get them. */
export type AgentFilters = z.output<typeof agentFilters>;

/** Ids as the asker gives them; absent, null and `*` mean all agents. */
export const agentList = nameList
  .nullish()
  .transform((ids) => (ids === null || ids === undefined || (ids.length === 1 && ids[0] === "*") ? null : ids))
  .describe("Ids of agents, for example 001; all agents when absent.");
