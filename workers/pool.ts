import { move } from "piscina";
import { nodeDisk } from "../src/integrity/Disk.js";
import { doJob } from "./doJob.js";
import { FernetKeys } from "./FernetKeys.js";
import { errorToData } from "./jobErrors.js";
import type { CancellableJob, PoolAnswer } from "./jobs.js";
import { MovedAnswer } from "./MovedAnswer.js";

/** This thread's keys are a cache of pure values, so that two threads cannot tell that each has its own. */
const tools = { disk: nodeDisk, wallTime: Date.now, keys: new FernetKeys() };

/**
 * The thread pool's entry: runs one job and answers with data only. Never throws: a failed job is
 * `{ ok: false }` with the catalogue's code, because threads strip an error's class and code.
 */
export default async function runJob({ job, cancelled }: CancellableJob): Promise<PoolAnswer> {
  try {
    if (Atomics.load(cancelled, 0) !== 0) throw new Error("the job was given up before it began");
    const answer = MovedAnswer.of({ ok: true, result: await doJob(job, tools) });
    if (answer instanceof MovedAnswer) move(answer);
    return answer;
  } catch (error) {
    return { ok: false, error: errorToData(error) };
  }
}
