import { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import { damaged } from "./countOf.js";
import { type HourTotals, parseTotals } from "./parseTotals.js";

/** Where analysisd leaves statistics, below the root. */
export const STATS_FOLDER = "stats";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** Largest file of one day's totals that is read, in bytes; 24 hours of some thousand rules are far less. */
const LARGEST_TOTALS = 4 * 1024 * 1024;

/**
 * The totals of a day, hour by hour (dapi.md 3.2). The day is the date's in UTC.
 *
 * @throws MusterError 1308 when there are none; internal 1309 when they are damaged
 */
export async function readTotals({ files, config }: FunctionContext, date: Date): Promise<readonly HourTotals[]> {
  const day = String(date.getUTCDate()).padStart(2, "0");
  const month = MONTHS[date.getUTCMonth()] ?? "";
  const path = `${STATS_FOLDER}/totals/${String(date.getUTCFullYear())}/${month}/ossec-totals-${day}.log`;
  let text: string;
  try {
    text = await files.readText(path, { maxBytes: LARGEST_TOTALS });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EFBIG") throw damaged(path, cause);
    throw MusterError.user(1308, `${config.root}/${path}`, { cause });
  }
  return parseTotals(text);
}
