import * as nodeFs from "node:fs";
import type { Disk } from "../../../../src/integrity/Disk.js";

/** The real disk with some of its calls replaced. */
export function diskWith(calls: Partial<Disk>): Disk {
  return { ...nodeFs, ...calls };
}
