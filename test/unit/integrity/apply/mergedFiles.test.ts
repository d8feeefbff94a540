import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { formatMergedHeader, parseMergedHeader } from "../../../../src/integrity/merged/mergedHeader.js";
import { LONGEST_PART_BYTES, mergeFiles } from "../../../../src/integrity/merged/mergeFiles.js";
import { readMerged, type MergedPart, type MergedReading } from "../../../../src/integrity/merged/readMerged.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-merged-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(bytes: string | Buffer): MergedReading & { taken: MergedPart[] } {
  const file = join(folder, "merged");
  writeFileSync(file, bytes);
  const taken: MergedPart[] = [];
  return { ...readMerged(nodeDisk, file, (part) => taken.push(part)), taken };
}

describe("a part's header", () => {
  it.each([
    [1637600000, "7 001 2021-11-22 16:53:20\n"],
    [1622540400.5, "7 001 2021-06-01 09:40:00.500000\n"],
    [1622540400.000001, "7 001 2021-06-01 09:40:00.000001\n"],
    [0, "7 001 1970-01-01 00:00:00\n"],
    [-0.25, "7 001 1969-12-31 23:59:59.750000\n"],
    [1622540399.9999999, "7 001 2021-06-01 09:40:00\n"],
  ])("of the time %d is as the reference writes it", (modTime, text) => {
    expect(formatMergedHeader({ name: "001", size: 7, modTime }).toString()).toBe(text);
  });

  it("is read back as it was written", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) => !text.includes("\n"));
    const microseconds = fc.integer({ min: -62_000_000_000_000_000 / 10, max: 8_000_000_000_000_000 });
    fc.assert(
      fc.property(name, fc.nat(), microseconds, (text, size, time) => {
        const header = { name: text, size, modTime: time / 1_000_000 };
        const line = formatMergedHeader(header).toString("utf8").slice(0, -1);
        expect(parseMergedHeader(line)).toEqual(header);
      }),
    );
  });

  it("may carry the offset of later releases", () => {
    expect(parseMergedHeader("7 001 2021-06-01 09:40:00.500000+00:00")).toEqual({ name: "001", size: 7, modTime: 1622540400.5 });
  });

  it.each([
    "",
    "7",
    "7 001",
    "7 001 2021-06-01",
    "-7 001 2021-06-01 09:40:00",
    "7.5 001 2021-06-01 09:40:00",
    "0x7 001 2021-06-01 09:40:00",
    "9999999999999999 001 2021-06-01 09:40:00",
    "7 001 2021-02-30 09:40:00",
    "7 001 2021-13-01 09:40:00",
    "7 001 2021-06-01 24:00:00",
    "7 001 2021-06-01 09:60:00",
    "7 001 2021-06-01 09:40:00.",
    "7 001 2021-06-01 09:40:00.1234567",
    "7 001 2021-06-01 09:40:00+02:00",
    "7 001 2021-06-01T09:40:00",
    "7  2021-06-01 09:40:00",
    " 7 001 2021-06-01 09:40:00",
  ])("%j is malformed", (line) => {
    expect(parseMergedHeader(line)).toBeUndefined();
  });

  it.each(["", "a\nb"])("cannot be made for the name %j", (name) => {
    expect(() => formatMergedHeader({ name, size: 1, modTime: 0 })).toThrow(RangeError);
  });
});

describe("reading", () => {
  it("takes part after part", () => {
    const { taken, parts, malformed } = read("3 002 2021-11-22 16:54:20\nweb5 900 2021-11-22 16:54:30\nghost0 901 2021-11-22 16:54:30\n");
    expect(taken.map(({ name, content, modTime }) => [name, content?.toString(), modTime])).toEqual([
      ["002", "web", 1637600060],
      ["900", "ghost", 1637600070],
      ["901", "", 1637600070],
    ]);
    expect([parts, malformed]).toEqual([3, undefined]);
  });

  it("of an empty file takes nothing", () => {
    expect(read("")).toEqual({ taken: [], parts: 0, malformed: undefined });
  });

  it.each([
    ["a malformed header", "3 002 2021-11-22 16:54:20\nwebnonsense\n3 003 2021-11-22 16:54:20\nweb", /malformed header at byte 29/],
    ["a header without end", "3 002 2021-11-22 16:54:20\nweb3 003 2021-11-22", /malformed header at byte 29/],
    ["a header longer than any", `3 002 2021-11-22 16:54:20\nweb3 ${"0".repeat(600)} 2021-11-22 16:54:20\nweb`, /malformed header at byte 29/],
    ["a part that is cut", "3 002 2021-11-22 16:54:20\nweb9 003 2021-11-22 16:54:20\nshort", /"003" at byte 29 is cut/],
    ["a size beyond everything", "3 002 2021-11-22 16:54:20\nweb999999999999999 003 2021-11-22 16:54:20\nshort", /"003" at byte 29 is cut/],
  ])("ends at %s; the parts before count", (_, text, reason) => {
    const { taken, parts, malformed } = read(text);
    expect(taken.map(({ name }) => name)).toEqual(["002"]);
    expect(parts).toBe(1);
    expect(malformed).toMatch(reason);
  });

  it("passes over the content of a part that is too large, and goes on", () => {
    const header = `${LONGEST_PART_BYTES + 1} 001 2021-11-22 16:54:20\n`;
    const { taken } = read(Buffer.concat([Buffer.from(header), Buffer.alloc(LONGEST_PART_BYTES + 1), Buffer.from("3 002 2021-11-22 16:54:20\nweb")]));
    expect(taken.map(({ name, content }) => [name, content?.toString()])).toEqual([
      ["001", undefined],
      ["002", "web"],
    ]);
  });

  it("of any bytes ends, and takes no more than there is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { taken, parts } = read(Buffer.from(bytes));
        expect(parts).toBe(taken.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe("merging", () => {
  const source = (name: string): { name: string; path: string; file: string } => ({ name, path: `queue/agent-groups/${name}`, file: join(folder, name) });

  it("is undone by reading", () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 });
    fc.assert(
      fc.property(contents, (all) => {
        const sources = all.map((_, number) => source(String(number).padStart(3, "0")));
        all.forEach((content, number) => writeFileSync(sources[number]?.file ?? "", content));
        const destination = join(folder, "out");
        rmSync(destination, { force: true });
        const result = mergeFiles(nodeDisk, sources, destination);
        expect(result).toMatchObject({ merged: sources.map(({ path }) => path), problems: [], bytes: statSync(destination).size });
        const { taken } = read(readFileSync(destination));
        expect(taken.map(({ content }) => [...(content ?? [])])).toEqual(all.map((content) => [...content]));
      }),
      { numRuns: 40 },
    );
  });

  it("keeps times to the microsecond", () => {
    writeFileSync(join(folder, "001"), "default");
    utimesSync(join(folder, "001"), 1622540400.5, 1622540400.5);
    mergeFiles(nodeDisk, [source("001")], join(folder, "out"));
    expect(readFileSync(join(folder, "out"), "utf8")).toBe("7 001 2021-06-01 09:40:00.500000\ndefault");
  });

  it("leaves out what is gone, a folder, a link or too large, and reports each", () => {
    writeFileSync(join(folder, "001"), "default");
    mkdirSync(join(folder, "003"));
    symlinkSync(join(folder, "001"), join(folder, "004"));
    writeFileSync(join(folder, "005"), "");
    truncateSync(join(folder, "005"), LONGEST_PART_BYTES + 1);
    const result = mergeFiles(nodeDisk, ["002", "001", "003", "004", "005"].map(source), join(folder, "out"));
    expect(result.merged).toEqual(["queue/agent-groups/001"]);
    expect(result.problems.map(({ path, code }) => [path.slice(-3), code])).toEqual([
      ["002", "ENOENT"],
      ["003", "EINVAL"],
      ["004", "ELOOP"],
      ["005", "EFBIG"],
    ]);
  });

  it("writes over nothing, and through no link", () => {
    writeFileSync(join(folder, "kept"), "kept");
    symlinkSync(join(folder, "kept"), join(folder, "link"));
    for (const name of ["kept", "link"]) expect(() => mergeFiles(nodeDisk, [], join(folder, name))).toThrow(/EEXIST/);
    expect(readFileSync(join(folder, "kept"), "utf8")).toBe("kept");
  });

  it("that fails leaves nothing", () => {
    writeFileSync(join(folder, "001"), "default");
    const disk = {
      ...nodeDisk,
      writeSync: () => {
        throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      },
    };
    expect(() => mergeFiles(disk, [source("001")], join(folder, "out"))).toThrow(/no space left/);
    expect(() => statSync(join(folder, "out"))).toThrow(/ENOENT/);
  });
});
