import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inParallel } from "../../../src/node/inParallel.js";
import { readLazily } from "../../../src/node/ports/readLazily.js";

const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("a file whose first bytes nobody asks for is not opened", async () => {
  const root = await mkdtemp(join(tmpdir(), "muster-lazy-"));
  await writeFile(join(root, "a.zip"), "content");
  const before = descriptors();
  for (let n = 0; n < 20; n += 1) await readLazily(join(root, "a.zip"), 1024).return(undefined);
  expect(descriptors()).toBe(before);
  await rm(root, { recursive: true });
});

test("a file that is gone is an error of the one who reads it, and of nobody else", async () => {
  const source = readLazily("/no/such/file", 1024);
  await expect(source.next()).rejects.toMatchObject({ code: "ENOENT" });
});

test("the first failure of parallel work lets nothing new begin", async () => {
  const begun: number[] = [];
  const work = (item: number): Promise<number> => {
    begun.push(item);
    return item === 0 ? Promise.reject(new Error("broken")) : Promise.resolve(item);
  };
  await expect(inParallel([0, 1, 2, 3, 4, 5, 6, 7], 1, work)).rejects.toThrow("broken");
  expect(begun).toEqual([0]);
});
