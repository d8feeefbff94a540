import type { FunctionContext } from "../../CatalogueFunction.js";
import { countOf, damaged } from "./countOf.js";
import { STATS_FOLDER } from "./readTotals.js";

const HOURS = 24;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** Largest file with one number that is read, in bytes. */
const LARGEST_NUMBER = 64;

/** 24 averages, and from how many hours or days they were made. */
interface Averages {
  readonly hours: readonly number[];
  readonly interactions: number;
}

/** Averages of the hours of all days (dapi.md 3.2). @throws MusterError internal 1309 for a file without a number */
export async function readHourly(
  context: FunctionContext,
): Promise<{ readonly averages: readonly number[]; readonly interactions: number }> {
  const { hours, interactions } = await readAverages(context, `${STATS_FOLDER}/hourly-average`);
  return { averages: hours, interactions };
}

/** Averages of each day of the week, from Sunday on, each in an object of its own. @throws MusterError internal 1309 */
export async function readWeekly(context: FunctionContext): Promise<readonly Readonly<Record<string, Averages>>[]> {
  const days: Record<string, Averages>[] = [];
  for (const [index, day] of DAYS.entries()) {
    days.push({ [day]: await readAverages(context, `${STATS_FOLDER}/weekly-average/${String(index)}`) });
  }
  return days;
}

/** Files named 0 to 23, one number in each, and a last one with the count; a file that can't be read counts as 0. */
async function readAverages({ files, signal }: FunctionContext, folder: string): Promise<Averages> {
  signal.throwIfAborted();
  const numbers = await Promise.all(
    Array.from({ length: HOURS + 1 }, async (_, hour) => {
      const path = `${folder}/${String(hour)}`;
      let text: string;
      try {
        text = await files.readText(path, { maxBytes: LARGEST_NUMBER });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "EFBIG") throw damaged(path, cause);
        return 0;
      }
      return countOf(text, path);
    }),
  );
  return { hours: numbers.slice(0, HOURS), interactions: numbers[HOURS] ?? 0 };
}
