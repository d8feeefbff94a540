import { describe, expect, test } from "vitest";
import { Traffic, type CountedConnection } from "../../../src/node/watch/Traffic.js";

const connection = (bytes: number): CountedConnection => ({
  transfers: { filesIn: 1, filesOut: 2, fileBytesIn: 10, fileBytesOut: 20 },
  channel: {
    statistics: { framesIn: 3, bytesIn: bytes, framesOut: 4, bytesOut: 2 * bytes, lateAnswers: 0, unexpectedAnswers: 0, outstanding: 5, queuedBytes: 6, heldBytes: 7 },
  },
});

describe("traffic", () => {
  test("of a peer outlives its connections; what waits does not", () => {
    const traffic = new Traffic(() => "w1");
    traffic.begin("1", connection(100));
    traffic.end("1");
    traffic.begin("2", connection(1000));
    expect(traffic.read()).toEqual([
      { peer: "w1", bytesIn: 1100, bytesOut: 2200, framesIn: 6, framesOut: 8, filesIn: 2, filesOut: 4, fileBytesIn: 20, fileBytesOut: 40, outstanding: 5, queuedBytes: 6, heldBytes: 7 },
    ]);
    traffic.end("2");
    traffic.end("2");
    expect(traffic.read()).toMatchObject([{ bytesIn: 1100, outstanding: 0, queuedBytes: 0, heldBytes: 0 }]);
  });

  test("reading adds nothing", () => {
    const traffic = new Traffic(() => "w1");
    traffic.begin("1", connection(100));
    expect(traffic.read()).toEqual(traffic.read());
  });

  test("names beyond the bound are added up under one", () => {
    const traffic = new Traffic((id) => `w${id}`);
    for (let n = 0; n < 2_000; n += 1) {
      traffic.begin(String(n), connection(1));
      traffic.end(String(n));
    }
    const read = traffic.read();
    expect(read).toHaveLength(1_025);
    expect(read.at(-1)).toMatchObject({ peer: "other", bytesIn: 976 });
  });
});
