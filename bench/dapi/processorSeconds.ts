import { readFile } from "node:fs/promises";

/** Ticks a second in which Linux counts processor time for programs. */
const TICKS = 100;

/** Processor time that processes have spent until now, in seconds: a busy machine changes a rate, and this hardly. */
export async function processorSeconds(processIds: readonly number[]): Promise<number> {
  const spent = await Promise.all(
    processIds.map(async (id) => {
      const text = await readFile(`/proc/${String(id)}/stat`, "utf8");
      // After the program's name, which may hold blanks: `state ppid …`, of which the 12th and 13th are the ticks.
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) / TICKS;
    }),
  );
  return spent.reduce((sum, seconds) => sum + seconds, 0);
}
