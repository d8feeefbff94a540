import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeDisk } from "../../../src/integrity/Disk.js";
import { formatMergedHeader, parseMergedHeader } from "../../../src/integrity/merged/mergedHeader.js";
import { agentOfPart } from "../../../src/integrity/merged/placePart.js";
import { readMerged } from "../../../src/integrity/merged/readMerged.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { FileFault } from "../../../src/integrity/fileProblem.js";
import { must, mustEqual, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { texts } from "./recorded.js";
import { scratchFolder } from "./scratch.js";

/** Merged files: parts within the file, names that are agents' ids, headers that read again as they were written. */
export const merged: FuzzTarget = {
  name: "merged",
  corpus: () => texts("7 001 2021-11-22 16:53:20.123456\ndefault8 002 2021-11-22 16:53:20\ndefault\n", "0 003 2022-01-01 00:00:00+00:00\n", "3 a b 9999-12-31 23:59:59\nabc"),
  dictionary: ["2021-11-22 16:53:20", ".123456", "+00:00", "0 001 ", "999999999999999 ", "../../etc/ossec.conf", "0001-01-01 00:00:00", "2021-02-29 24:00:60"],
  // A window of 512 bytes is read for every header.
  moreSteps: 10_000,
  run: (input) => {
    const file = join(scratchFolder(), "merged");
    mkdirSync(scratchFolder(), { recursive: true });
    writeFileSync(file, input);
    let end = 0;
    const reading = readMerged(nodeDisk, file, ({ name, size, modTime, content }) => {
      must(content?.length === size, "a part has another size than its header says");
      const agent = takenOrRefused(() => agentOfPart(name), MusterError, FileFault);
      must(agent === undefined || /^\d+$/.test(agent), `the agent ${String(agent)} comes out`);
      const header = formatMergedHeader({ name, size, modTime });
      mustEqual(parseMergedHeader(header.toString("utf8").slice(0, -1)), { name, size, modTime }, "a header changes when it is written and read");
      end += size;
    });
    must(end <= input.length, "the parts are longer than the file");
    must(reading.malformed !== undefined || reading.parts > 0 || input.length === 0, "a file of no parts is well formed");
    rmSync(file);
  },
};
