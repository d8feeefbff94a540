import { z } from "zod";
import { TRACE_FORMAT, type TraceRecord } from "./TraceLine.js";

const header = z.object({
  trace: z.literal("muster"),
  format: z.number(),
  version: z.string().nullable(),
  node: z.string(),
  nodeType: z.enum(["master", "worker"]),
  clusterVersion: z.string(),
  startedAt: z.string(),
});
const change = z.object({
  time: z.string(),
  elapsed: z.number(),
  node: z.string(),
  machine: z.string(),
  actor: z.string(),
  parent: z.string().exactOptional(),
  id: z.string().exactOptional(),
  peer: z.string().exactOptional(),
  event: z.string(),
  from: z.string().exactOptional(),
  state: z.string(),
  task: z.string().exactOptional(),
  bytes: z.number().exactOptional(),
  files: z.number().exactOptional(),
  error: z.object({ code: z.number(), step: z.string(), message: z.string() }).exactOptional(),
});
const gap = z.object({ dropped: z.number(), elapsed: z.number() });
const end = z.object({ ended: z.enum(["stopped", "full"]), elapsed: z.number(), lines: z.number() });

/** @throws Error that says what is wrong with the line */
export function parseTraceRecord(text: string): TraceRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error("it is no JSON", { cause: error });
  }
  if (typeof json !== "object" || json === null) throw new Error("it is no JSON object");
  const schema = "trace" in json ? header : "dropped" in json ? gap : "ended" in json ? end : change;
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join(".") || "it"}: ${issue?.message ?? "not as expected"}`);
  }
  const record = parsed.data;
  if ("format" in record && record.format > TRACE_FORMAT) {
    throw new Error(`its format is ${record.format}, and this muster reads formats up to ${TRACE_FORMAT}. Use the muster that wrote it`);
  }
  return record;
}
