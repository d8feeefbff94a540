import { move } from "piscina";
import { apply } from "../src/integrity/apply.js";
import { packDifference } from "../src/integrity/archive/packDifference.js";
import { packIndex } from "../src/integrity/archive/packIndex.js";
import { readIndex } from "../src/integrity/archive/readIndex.js";
import { unpack } from "../src/integrity/archive/unpack.js";
import { compare } from "../src/integrity/compare.js";
import { nodeDisk } from "../src/integrity/Disk.js";
import { applyExtraValid } from "../src/integrity/extraValid/applyExtraValid.js";
import { mergeGroups } from "../src/integrity/extraValid/mergeGroups.js";
import { packGroups } from "../src/integrity/extraValid/packGroups.js";
import { hashFiles } from "../src/integrity/hashFiles.js";
import { walk } from "../src/integrity/walk.js";
import { decryptWithAny, encryptToken } from "../src/protocol/fernet.js";
import { FernetKeys } from "./FernetKeys.js";
import { errorToData } from "./jobErrors.js";
import type { CancellableJob, JobKind, PoolAnswer, PoolJob, PoolJobs } from "./jobs.js";
import { MovedAnswer } from "./MovedAnswer.js";

/** This thread's keys: a cache of pure values, so that two threads cannot tell that each has its own. */
const fernetKeys = new FernetKeys();

/**
 * The thread pool's entry: runs one job and answers with data only. Never throws: a failed job is
 * `{ ok: false }` with the catalogue's code, because threads strip an error's class and code.
 */
export default async function runJob({ job, cancelled }: CancellableJob): Promise<PoolAnswer> {
  try {
    if (Atomics.load(cancelled, 0) !== 0) throw new Error("the job was given up before it began");
    const answer = MovedAnswer.of({ ok: true, result: await resultOf(job) });
    if (answer instanceof MovedAnswer) move(answer);
    return answer;
  } catch (error) {
    return { ok: false, error: errorToData(error) };
  }
}

async function resultOf(job: PoolJob): Promise<PoolJobs[JobKind]["result"]> {
  switch (job.kind) {
    case "walk":
      return walk(nodeDisk, job);
    case "hash":
      return hashFiles(nodeDisk, job, Date.now);
    case "compare":
      return compare(job);
    case "packIndex":
      return packIndex(nodeDisk, job);
    case "readIndex":
      return readIndex(nodeDisk, job);
    case "packDifference":
      return packDifference(nodeDisk, job);
    case "unpack":
      return unpack(nodeDisk, job);
    case "apply":
      return apply(nodeDisk, job);
    case "mergeGroups":
      return mergeGroups(nodeDisk, job);
    case "packGroups":
      return packGroups(nodeDisk, job);
    case "applyExtraValid":
      return applyExtraValid(nodeDisk, job);
    case "encrypt":
      return { bytes: encryptToken(fernetKeys.of(job.key), job.payload, job.seconds, job.iv) };
    case "decrypt":
      return { bytes: decryptWithAny(job.keys.map((key) => fernetKeys.of(key)), job.token) };
    default:
      return unknownKind(job);
  }
}

function unknownKind(job: never): never {
  throw new TypeError(`the pool knows no job of this kind: ${JSON.stringify(job)}`);
}
