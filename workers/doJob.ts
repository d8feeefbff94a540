import { apply } from "../src/integrity/apply.js";
import { packDifference } from "../src/integrity/archive/packDifference.js";
import { packIndex } from "../src/integrity/archive/packIndex.js";
import { readIndex } from "../src/integrity/archive/readIndex.js";
import { unpack } from "../src/integrity/archive/unpack.js";
import { compare } from "../src/integrity/compare.js";
import type { Disk } from "../src/integrity/Disk.js";
import { applyExtraValid } from "../src/integrity/extraValid/applyExtraValid.js";
import { mergeGroups } from "../src/integrity/extraValid/mergeGroups.js";
import { packGroups } from "../src/integrity/extraValid/packGroups.js";
import { hashFiles } from "../src/integrity/hashFiles.js";
import { walk } from "../src/integrity/walk.js";
import { decryptToken, encryptToken, openTokenInPlace } from "../src/protocol/fernet.js";
import type { FernetKeys } from "./FernetKeys.js";
import type { JobKind, PoolJob, PoolJobs } from "./jobs.js";
import { sealFile } from "./sealFile.js";

/** What a job is done with: those of a thread, or simulated ones. */
export interface JobTools {
  readonly disk: Disk;
  /** Milliseconds since the epoch, by the clock that stamps files. */
  readonly wallTime: () => number;
  readonly keys: FernetKeys;
}

/** Does one job. @throws whatever goes wrong in it. */
export async function doJob(job: PoolJob, { disk, wallTime, keys }: JobTools): Promise<PoolJobs[JobKind]["result"]> {
  switch (job.kind) {
    case "walk":
      return walk(disk, job);
    case "hash":
      return hashFiles(disk, job, wallTime);
    case "compare":
      return compare(job);
    case "packIndex":
      return packIndex(disk, job);
    case "readIndex":
      return readIndex(disk, job);
    case "packDifference":
      return packDifference(disk, job);
    case "unpack":
      return unpack(disk, job);
    case "apply":
      return apply(disk, job);
    case "mergeGroups":
      return mergeGroups(disk, job);
    case "packGroups":
      return packGroups(disk, job);
    case "applyExtraValid":
      return applyExtraValid(disk, job);
    case "encrypt":
      return { bytes: encryptToken(keys.of(job.key), job.payload, job.seconds, job.iv) };
    case "decrypt":
      return { bytes: decryptToken(keys.of(job.key), job.token) };
    case "sealFile":
      return sealFile(disk, job, keys);
    case "openInPlace":
      return openTokenInPlace(
        job.keys.map((key) => keys.of(key)),
        Buffer.from(job.memory, job.offset, job.length),
      );
    default:
      return unknownKind(job);
  }
}

function unknownKind(job: never): never {
  throw new TypeError(`the pool knows no job of this kind: ${JSON.stringify(job)}`);
}
