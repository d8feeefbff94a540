import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { LOG_LEVELS, type LogEntry, type LogLevel, parseLogLine } from "./parseLogLine.js";

/** The manager's log, below the root. */
const OSSEC_LOG = "logs/ossec.log";

/** Lines at the log's end that are looked at (dapi.md 3.2). */
export const LOG_LINES = 2_000;

/** Bytes that are read from the log's end at first, and at most. */
const LOG_BYTES_FIRST = 512 * 1024;
export const LOG_BYTES = 4 * 1024 * 1024;

/** How often each level stands in the log under one tag. */
type TagSummary = Record<"all" | LogLevel, number>;

/**
 * The entries among the log's last lines, oldest first. The file is read from its end: more of it only when lines are
 * long, and never more than `LOG_BYTES`.
 *
 * @throws MusterError internal 1020 when there is no log, 1006 when it can't be read
 */
export async function readLog({ files, signal }: FunctionContext): Promise<readonly LogEntry[]> {
  try {
    const size = (await files.stat(OSSEC_LOG))?.size;
    if (size === undefined) throw MusterError.internal(1020);
    let bytes = LOG_BYTES_FIRST;
    for (;;) {
      signal.throwIfAborted();
      const lines = (await files.readTail(OSSEC_LOG, bytes)).split("\n");
      if (lines.at(-1) === "") lines.pop();
      if (lines.length >= LOG_LINES || bytes >= size || bytes >= LOG_BYTES) {
        return lines.slice(-LOG_LINES).flatMap((line) => parseLogLine(line.replace(/\r$/, "")) ?? []);
      }
      bytes = LOG_BYTES;
    }
  } catch (cause) {
    if (cause instanceof MusterError || signal.aborted) throw cause;
    const { code = "" } = cause as NodeJS.ErrnoException;
    throw code === "ENOENT"
      ? MusterError.internal(1020, null, { cause })
      : MusterError.internal(1006, `${OSSEC_LOG}: ${code}`, { cause });
  }
}

/** One object per tag, in the order of tags: how many entries it has in all and of each level. */
export function summarizeLog(entries: readonly LogEntry[]): readonly Readonly<Record<string, TagSummary>>[] {
  const tags = new Map<string, TagSummary>();
  for (const { tag, level } of entries) {
    const summary = tags.get(tag) ?? emptySummary();
    summary.all += 1;
    summary[level] += 1;
    tags.set(tag, summary);
  }
  return [...tags].sort(([one], [other]) => (one < other ? -1 : 1)).map(([tag, summary]) => ({ [tag]: summary }));
}

function emptySummary(): TagSummary {
  return Object.fromEntries(["all", ...LOG_LEVELS].map((name) => [name, 0])) as TagSummary;
}
