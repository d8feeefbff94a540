import JSZip from "jszip";
import { describe, expect, test } from "vitest";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import { DEFAULT_LIMITS } from "../../../../src/config/Limits.js";
import { decodeDifferenceMetadata, encodeDifferenceMetadata, indexToMetadata, metadataToIndex } from "../../../../src/integrity/metadata.js";
import { zip43 } from "../../../../src/protocol/dialects/zip43.js";
import { readRecording, recordingNames } from "../../../support/recordings.js";

const items = defaultClusterItems();

interface RecordedMetadata {
  readonly from: string;
  readonly text: string;
}

/** All `files_metadata.json` that went over the recorded links. */
async function recordedMetadata(): Promise<RecordedMetadata[]> {
  const found: RecordedMetadata[] = [];
  for (const name of recordingNames()) {
    for (const { command, sender, payload } of readRecording(name).frames) {
      if (command !== "file_upd" || payload === undefined) continue;
      const archive = payload.subarray(payload.indexOf(" ") + 1);
      if (archive.subarray(0, 4).toString("latin1") !== "PK\x03\x04") continue;
      const text = await (await JSZip.loadAsync(archive)).file("files_metadata.json")?.async("string");
      if (text !== undefined) found.push({ from: sender, text });
    }
  }
  return found;
}

/** The `"path": {…}` of a flat metadata text, sorted. */
const entriesOf = (text: string): string[] => text.slice(1, -1).split(/(?<=\}), /).sort();

describe("the metadata that real daemons sent", () => {
  test("of a worker's index is read, and written again entry by entry the same", async () => {
    const indexes = (await recordedMetadata()).filter(({ from, text }) => from === "worker" && text.includes('"md5"'));
    expect(indexes.length).toBeGreaterThan(3);
    for (const { text } of indexes) {
      const written = indexToMetadata(metadataToIndex(text, items, zip43, DEFAULT_LIMITS), zip43);
      expect(entriesOf(written)).toEqual(entriesOf(text));
    }
  });

  test("of a master's difference is read, and written again byte for byte", async () => {
    const differences = (await recordedMetadata()).filter(({ from }) => from === "master");
    expect(differences.length).toBeGreaterThan(3);
    expect(differences.some(({ text }) => text.includes('"merge-type"'))).toBe(true);
    for (const { text } of differences) {
      const difference = decodeDifferenceMetadata(text, items, zip43, DEFAULT_LIMITS);
      expect(encodeDifferenceMetadata(difference, zip43)).toBe(text);
    }
  });
});
