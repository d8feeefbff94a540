import { createHash } from "node:crypto";
import { writeZip } from "../../support/peer/plainZip.js";
import { recordedTree } from "../../support/replayNode.js";
import { readRecording } from "../../support/recordings.js";
import { StandIns } from "../../support/replayArchive.js";

/** What the recorded master's rules became before the third round: the recorded archive holds it. */
export const CHANGED_RULES = `${recordedContent("etc/rules/local_rules.xml")}changed\n`;

/** The large file's recorded MD5; its 9,000,000 bytes are not in the recording. */
const RECORDED_BIG_MD5 = "9767dce782a2a866b7bf5c2677260e3f";
/** Stands in for it: as long, and of bytes that no two parts of a divided message share. */
export const BIG_FILE = Buffer.from(
  Uint32Array.from({ length: 2_250_000 }, (_, index) => index * 2_654_435_761).buffer,
);
/** The first part of the divided message that brings it. */
export const BIG_FILE_FRAME = 142;

export function bigFileStandIns(): StandIns {
  return new StandIns(new Map([[RECORDED_BIG_MD5, BIG_FILE]]));
}

/** The archive of the large file, as the recorded master makes its archives. */
export function bigFileArchive(): Buffer {
  const md5 = createHash("md5").update(BIG_FILE).digest("hex");
  const entry = `{"mod_time": 1795455208.5, "cluster_item_key": "etc/lists/", "merged": false, "md5": "${md5}"}`;
  const metadata = `{"missing": {"etc/lists/big": ${entry}}, "extra": {}, "shared": {}, "extra_valid": {}}`;
  return writeZip(
    new Map([
      ["etc/lists/big", BIG_FILE],
      ["files_metadata.json", Buffer.from(metadata)],
    ]),
  );
}

/** The agents of the recorded agent-info, as the worker's store gave them. */
export function recordedAgents(): { id: number; name: string; [column: string]: string | number }[] {
  const { text } = readRecording("first-sync").frames.find(({ command }) => command === "str_upd") ?? {};
  const { chunks } = JSON.parse(text?.slice(text.indexOf(" ")) ?? "") as { chunks: string[] };
  return chunks.flatMap((chunk) => JSON.parse(chunk));
}

function recordedContent(path: string): string {
  return (
    recordedTree("master-before")
      .find((entry) => entry.path === path)
      ?.content.toString() ?? ""
  );
}
