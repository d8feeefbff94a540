import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { descriptorDestination, openLogFile } from "../../../src/telemetry/LogDestination.js";
import type { LogDestination } from "../../../src/telemetry/LogDestination.js";
import { openNodeLogger } from "../../../src/telemetry/openNodeLogger.js";
import type { NodeLoggerOptions } from "../../../src/telemetry/openNodeLogger.js";
import { ManualClock } from "../../support/manualClock.js";

const KEY = "9d273b53510fef702b54a92e9cffc82e";
let root: string;
let shown: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "muster-log-"));
  shown = "";
});
afterEach(() => rm(root, { recursive: true, force: true }));

const screen: LogDestination = {
  write: async (bytes) => {
    shown += Buffer.from(bytes).toString();
    return bytes.length;
  },
  writeSync: (bytes) => {
    shown += Buffer.from(bytes).toString();
    return bytes.length;
  },
  close: async () => undefined,
};

const openLogger = (options: Partial<NodeLoggerOptions> = {}) =>
  openNodeLogger({
    root,
    level: "info",
    secrets: [KEY],
    clock: new ManualClock(),
    output: { isTerminal: true, colour: false },
    destination: screen,
    fileFormat: "json",
    ...options,
  });
const fileText = (): Promise<string> => readFile(join(root, "logs", "cluster.log"), "utf8");

describe("a node's logger", () => {
  it("writes lines for people to a terminal and JSON lines to logs/cluster.log", async () => {
    const log = await openLogger({ context: { node: "n1", tag: "Master" } });
    log.info("Started.", { port: 1516 });
    await log.close();
    expect(shown).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d INFO: \[Master\] \[Main\] Started\.\n$/);
    expect(JSON.parse(await fileText())).toEqual({
      level: "info",
      time: "2026-01-01T00:00:00.000Z",
      node: "n1",
      tag: "Master",
      port: 1516,
      message: "Started.",
    });
  });

  it("writes the reference's lines to logs/cluster.log unless JSON is asked for, whatever standard output gets", async () => {
    const log = await openNodeLogger({
      root, level: "info", secrets: [KEY], clock: new ManualClock(), destination: screen,
      output: { isTerminal: false, colour: false },
      context: { node: "n1", tag: "Worker w1" },
    });
    log.child({ subtag: "Integrity check" }).warn("two\nlines", { error: new Error("deep") });
    await log.close();
    expect(await fileText()).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d WARNING: \[Worker w1\] \[Integrity check\] two\\nlines\n$/);
    expect(JSON.parse(shown)).toMatchObject({ node: "n1", level: "warning", error: { message: "deep" } });
  });

  it("writes JSON lines to anything but a terminal", async () => {
    const log = await openLogger({ output: { isTerminal: false, colour: false } });
    log.info("Started.");
    await log.close();
    expect(shown).toBe(await fileText());
  });

  it("makes the folder, and the file with mode 0660", async () => {
    const log = await openLogger();
    await log.close();
    expect((await stat(join(root, "logs", "cluster.log"))).mode & 0o777).toBe(0o660);
  });

  it("goes on where the last run stopped", async () => {
    for (const message of ["first", "second"]) {
      const log = await openLogger();
      log.info(message);
      await log.close();
    }
    expect(
      (await fileText())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).message),
    ).toEqual(["first", "second"]);
  });

  it("never writes the key", async () => {
    const log = await openLogger();
    log.error(`key ${KEY}`, { config: { key: KEY }, error: new Error(KEY) });
    await log.close();
    expect(shown + (await fileText())).not.toContain(KEY);
  });

  it("shows where errors arose on a terminal at DEBUG2 only", async () => {
    const log = await openLogger({ level: "debug2" });
    log.error("Failed.", { error: new Error("deep") });
    await log.close();
    expect(shown).toContain("\n  Error: deep\n");
  });

  it("goes on without a file that can't be opened, and says so", async () => {
    await writeFile(join(root, "logs"), "a file in the folder's place");
    const log = await openLogger();
    log.info("Started.");
    await log.close();
    expect(shown).toMatch(/ERROR: \[Cluster\] \[Main\] Lines can't be written to .*\/logs\/cluster\.log: /);
    expect(shown).toContain("Started.");
  });

  it.runIf(existsSync("/dev/full"))("survives a full disk and says so once", async () => {
    await mkdir(join(root, "logs"));
    await symlink("/dev/full", join(root, "logs", "cluster.log"));
    const log = await openLogger();
    log.info("one");
    await log.flush();
    log.info("two");
    log.flushSync();
    await log.close();
    expect(shown.match(/Lines can't be written/g)).toHaveLength(1);
    expect(shown).toContain("ENOSPC");
    expect(shown).toContain("two");
  });
});

describe("destinations", () => {
  it("append to a file and keep what stands in it", async () => {
    const path = join(root, "x.log");
    await writeFile(path, "old\n");
    await chmod(path, 0o600);
    const file = await openLogFile(path);
    expect(await file.write(Buffer.from("new\n"))).toBe(4);
    expect(file.writeSync(Buffer.from("newer\n"))).toBe(6);
    await file.close();
    expect(await readFile(path, "utf8")).toBe("old\nnew\nnewer\n");
  });

  it("reject with a system error when a file can't be opened", async () => {
    await mkdir(join(root, "folder"));
    await expect(openLogFile(join(root, "folder"))).rejects.toMatchObject({ code: "EISDIR" });
  });

  it("never close standard output", async () => {
    await descriptorDestination(1).close();
    // Writing nothing fails on a descriptor that is closed.
    expect(descriptorDestination(1).writeSync(Buffer.alloc(0))).toBe(0);
  });
});
