import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameDecoder } from "../../src/protocol/FrameDecoder.js";
import type { Frame } from "../../src/protocol/frame.js";
import { allRecordings, directionsOf, frameBytes, RECORDED_DIALECTS } from "../support/recordings.js";
import type { RecordedDirection } from "../support/recordings.js";

const maxBodyBytes = 10 * 1024 * 1024;
const recordings = RECORDED_DIALECTS.flatMap(allRecordings);
const directions = recordings.flatMap(directionsOf);

function streamOf(direction: RecordedDirection): Buffer {
  return Buffer.concat(direction.frames.map(frameBytes));
}

/** A frame's content in a form that compares fast. */
function summary({ counter, field, body }: Pick<Frame, "counter" | "field" | "body">): string {
  return `${counter} ${field.toString("latin1")} ${body.toString("latin1")}`;
}

function recordedSummaries(direction: RecordedDirection): string[] {
  return direction.frames.map(({ counter, field, body }) =>
    summary({ counter, field: Buffer.from(field, "latin1"), body: body ?? Buffer.alloc(0) }),
  );
}

/** Decodes `stream` in chunks of the given sizes, taken round and round. */
function decodeCut(stream: Buffer, sizes: readonly number[]): string[] {
  const decoder = new FrameDecoder({ maxBodyBytes });
  const summaries: string[] = [];
  let offset = 0;
  for (let turn = 0; offset < stream.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    // A copy, as a socket gives one: the decoder must not depend on what lies beside the chunk.
    const chunk = Uint8Array.prototype.slice.call(stream, offset, offset + size);
    summaries.push(...decoder.push(chunk).map(summary));
    offset += size;
  }
  expect(decoder.idle).toBe(true);
  return summaries;
}

test("the recordings hold many directions of connections", () => {
  expect(directions.length).toBeGreaterThan(60);
});

test("bytes of a connection add up to what was counted at its end", () => {
  const ends = recordings.flatMap((recording) =>
    recording.events
      .filter(({ event }) => event === "eof")
      .map(({ connection, sender, bytes }) => ({ name: recording.name, connection, sender, bytes })),
  );
  expect(ends).toHaveLength(8);
  for (const { name, connection, sender, bytes } of ends) {
    const direction = directions.find(
      (one) => one.recording === name && one.connection === connection && one.sender === sender,
    );
    expect(direction && streamOf(direction).length).toBe(bytes);
  }
});

describe("each recorded direction gives its frames", () => {
  test("in one piece", () => {
    for (const direction of directions) {
      const stream = streamOf(direction);
      expect(decodeCut(stream, [stream.length])).toEqual(recordedSummaries(direction));
    }
  });

  test("byte by byte", () => {
    for (const direction of directions) {
      expect(decodeCut(streamOf(direction), [1])).toEqual(recordedSummaries(direction));
    }
  });

  test("header and body apart, which the reference misreads", () => {
    for (const direction of directions) {
      const sizes = direction.frames.flatMap(({ length }) => (length === 0 ? [20] : [20, length]));
      expect(decodeCut(streamOf(direction), sizes)).toEqual(recordedSummaries(direction));
    }
  });

  test("in any cutting", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: directions.length - 1 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 70_000 })), {
          minLength: 1,
          maxLength: 50,
        }),
        (which, sizes) => {
          const direction = directions[which];
          if (direction === undefined) throw new Error("no such direction");
          expect(decodeCut(streamOf(direction), sizes)).toEqual(recordedSummaries(direction));
        },
      ),
      { numRuns: 150 },
    );
  });
});
