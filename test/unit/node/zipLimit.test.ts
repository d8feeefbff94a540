import { describe, expect, test } from "vitest";
import { ZipLimit } from "../../../src/node/master/ZipLimit.js";
import { TransferCancelled } from "../../../src/node/TransferCancelled.js";

const SETTINGS = { maxZipSize: 1000, minZipSize: 100, zipLimitTolerance: 0.2, timeoutReceivingFile: 120 };

async function after(...transfers: readonly ("cancelled at" | number)[]): Promise<number> {
  const limit = new ZipLimit(SETTINGS);
  let now = 0;
  const clock = { now: () => now };
  for (let at = 0; at < transfers.length; at += 1) {
    const transfer = transfers[at];
    if (transfer === "cancelled at") {
      const sent = Number(transfers[(at += 1)]);
      await expect(limit.adapt(clock, () => Promise.reject(new TransferCancelled("a.zip", sent)))).rejects.toMatchObject({ code: 3040, bytes: sent });
    } else {
      await limit.adapt(clock, () => Promise.resolve((now += Number(transfer) * 1000)));
    }
  }
  return limit.bytes;
}

describe("ZipLimit", () => {
  test("begins with the largest size, and stays there", async () => {
    expect(await after()).toBe(1000);
    expect(await after(1)).toBe(1000);
  });

  test("shrinks to four fifths of what had been sent, not below the smallest size", async () => {
    expect(await after("cancelled at", 500)).toBe(400);
    expect(await after("cancelled at", 10)).toBe(100);
  });

  test("grows by a quarter with each transfer that ends with time to spare", async () => {
    expect(await after("cancelled at", 500, 95)).toBe(500);
    expect(await after("cancelled at", 500, 96)).toBe(400);
    expect(await after("cancelled at", 1000, 1, 1)).toBe(1000);
  });

  test("another failure changes nothing", async () => {
    const limit = new ZipLimit(SETTINGS);
    await expect(limit.adapt({ now: () => 0 }, () => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
    expect(limit.bytes).toBe(1000);
  });
});
