import { loadLibc } from "./libc.js";

/** Linux's value for the size of a core dump: `getrlimit(2)`. */
const RLIMIT_CORE = 4;

/** Tells the system to write no core dump of this process: it would hold the cluster's keys. False: it would not listen. */
export function forbidCoreDumps(): boolean {
  const setrlimit = loadLibc("limits can't be set").func("int setrlimit(int, const uint8_t *)") as (
    resource: number,
    limits: Uint8Array,
  ) => number;
  // Both the soft and the hard limit: 64 bits each, 0.
  return setrlimit(RLIMIT_CORE, new Uint8Array(16)) === 0;
}
