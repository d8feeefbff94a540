import { mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RotatingLogFile } from "../../../src/telemetry/RotatingLogFile.js";

let folder: string;
let path: string;
let now: number;
const troubles: Error[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "muster-log-"));
  path = join(folder, "cluster.log");
  now = Date.now();
  troubles.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (rules: Partial<{ daily: boolean; bytes: number; keep: number }> = {}) =>
  RotatingLogFile.open({
    path,
    rules: { daily: true, bytes: 1_000_000, keep: 10, ...rules },
    wallTime: () => now,
    onTrouble: (error) => troubles.push(error),
  });
const archives = async (): Promise<string[]> => (await readdir(join(folder, "cluster"), { recursive: true }).catch(() => [])).filter((name) => name.endsWith(".gz")).sort();
const line = (text: string): Buffer => Buffer.from(`${text}\n`);
const DAY = 86_400_000;
const day = (time: number): string => String(new Date(time).getDate()).padStart(2, "0");

describe("a log file", () => {
  it("is put aside and compressed when the day is over", async () => {
    const file = await open();
    await file.write(line("yesterday"));
    now += DAY;
    await file.write(line("today"));
    await file.close();
    expect(await readFile(path, "utf8")).toBe("today\n");
    const [name = ""] = await archives();
    expect(name).toMatch(new RegExp(`^\\d{4}/[A-Z][a-z]{2}/cluster-${day(now - DAY)}\\.log\\.gz$`));
    const archive = join(folder, "cluster", name);
    expect(gunzipSync(await readFile(archive)).toString()).toBe("yesterday\n");
    expect((await stat(archive)).mode & 0o777).toBe(0o640);
    expect(troubles).toEqual([]);
  });

  it("is put aside before it is too large, several times a day, and only the newest are kept", async () => {
    const file = await open({ bytes: 10, keep: 2 });
    for (const text of ["first...", "second..", "third...", "fourth.."]) await file.write(line(text));
    await file.close();
    expect((await archives()).map((name) => name.split("/").at(-1))).toHaveLength(2);
    const texts = await Promise.all((await archives()).map(async (name) => gunzipSync(await readFile(join(folder, "cluster", name))).toString()));
    expect(texts.sort()).toEqual(["second..\n", "third...\n"]);
    expect(await readFile(path, "utf8")).toBe("fourth..\n");
  });

  it("of an earlier day is put aside at the first line after a start", async () => {
    await writeFile(path, "old\n");
    const then = (now - 3 * DAY) / 1000;
    await utimes(path, then, then);
    const file = await open();
    await file.write(line("new"));
    await file.close();
    expect(await archives()).toEqual([expect.stringContaining(`cluster-${day(now - 3 * DAY)}.log.gz`)]);
  });

  it("that a crash left uncompressed is compressed at the next start", async () => {
    await writeFile(`${path}.${now - DAY}`, "left\n");
    const file = await open();
    await file.close();
    expect(await archives()).toHaveLength(1);
    expect(await readdir(folder)).not.toContain(`cluster.log.${now - DAY}`);
  });

  it("is opened anew when somebody else has put it aside", async () => {
    const file = await open();
    await file.write(line("before"));
    await rename(path, `${path}.mine`);
    file.reopen();
    await file.write(line("after"));
    await file.close();
    expect(await readFile(path, "utf8")).toBe("after\n");
    expect(await readFile(`${path}.mine`, "utf8")).toBe("before\n");
  });
});
