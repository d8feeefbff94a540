import { describe, expect, test } from "vitest";
import {
  type FileParser,
  FileTooLargeError,
  ParsedFiles,
  type ParsedFilesLimits,
} from "../../../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import type { NodeFiles } from "../../../../src/dapi/CatalogueFunction.js";

interface FakeFile {
  text: string;
  modified?: number;
}

/** Files in memory that count how often they are read. */
function memoryFiles(contents: Record<string, FakeFile>): { readonly files: NodeFiles; readonly reads: string[] } {
  const reads: string[] = [];
  const refuse = (): never => {
    throw new Error("not asked for here");
  };
  return {
    reads,
    files: {
      readText: (path) => {
        reads.push(path);
        return Promise.resolve(contents[path]?.text ?? "");
      },
      stat: (path) => {
        const file = contents[path];
        if (file === undefined) return Promise.resolve(undefined);
        return Promise.resolve({ size: file.text.length, modified: new Date(file.modified ?? 0), isFile: true });
      },
      readTail: refuse,
      list: refuse,
      hash: refuse,
      processRuns: refuse,
    },
  };
}

const upper: FileParser<{ readonly text: string }> = { kind: "upper", parse: (text) => ({ text: text.toUpperCase() }) };
const cache = (limits?: ParsedFilesLimits): ParsedFiles => new ParsedFiles(() => Promise.resolve(), limits);

describe("parsed files", () => {
  test("are parsed once, and the same object is given again", async () => {
    const { files, reads } = memoryFiles({ a: { text: "x" } });
    const parsed = cache();
    const first = await parsed.read(files, "a", upper);
    expect(first).toEqual({ text: "X" });
    expect(await parsed.read(files, "a", upper)).toBe(first);
    expect(reads).toEqual(["a"]);
  });

  test("are parsed once by several that ask at the same time", async () => {
    const { files, reads } = memoryFiles({ a: { text: "x" } });
    const parsed = cache();
    const all = await Promise.all([1, 2, 3].map(() => parsed.read(files, "a", upper)));
    expect(new Set(all).size).toBe(1);
    expect(reads).toEqual(["a"]);
  });

  test("are parsed anew after a change of size or time", async () => {
    const contents = { a: { text: "x", modified: 1 } };
    const { files, reads } = memoryFiles(contents);
    const parsed = cache();
    await parsed.read(files, "a", upper);
    contents.a = { text: "y", modified: 2 };
    expect(await parsed.read(files, "a", upper)).toEqual({ text: "Y" });
    contents.a = { text: "yy", modified: 2 };
    expect(await parsed.read(files, "a", upper)).toEqual({ text: "YY" });
    expect(reads).toHaveLength(3);
    expect(parsed.kept).toEqual({ files: 1, bytes: 2 });
  });

  test("are kept for each kind of parser", async () => {
    const { files } = memoryFiles({ a: { text: "x" } });
    const parsed = cache();
    const length: FileParser<number> = { kind: "length", parse: (text) => text.length };
    expect(await parsed.read(files, "a", upper)).toEqual({ text: "X" });
    expect(await parsed.read(files, "a", length)).toBe(1);
    expect(parsed.kept.files).toBe(2);
  });

  test("keep a parser's error too", async () => {
    const { files, reads } = memoryFiles({ a: { text: "x" } });
    const parsed = cache();
    const fault = new Error("bad");
    const failing: FileParser<never> = {
      kind: "failing",
      parse: () => {
        throw fault;
      },
    };
    await expect(parsed.read(files, "a", failing)).rejects.toBe(fault);
    await expect(parsed.read(files, "a", failing)).rejects.toBe(fault);
    expect(reads).toHaveLength(1);
  });

  test("keep nothing of a file that could not be read", async () => {
    const { files } = memoryFiles({ a: { text: "x" } });
    let failures = 1;
    const flaky: NodeFiles = {
      ...files,
      readText: (path) => (failures-- > 0 ? Promise.reject(new Error("disk")) : files.readText(path)),
    };
    const parsed = cache();
    await expect(parsed.read(flaky, "a", upper)).rejects.toThrow("disk");
    expect(parsed.kept).toEqual({ files: 0, bytes: 0 });
    expect(await parsed.read(flaky, "a", upper)).toEqual({ text: "X" });
  });

  test("that are not there are told with the system's code", async () => {
    const { files } = memoryFiles({});
    await expect(cache().read(files, "a", upper)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("that are too large are not read", async () => {
    const { files, reads } = memoryFiles({ a: { text: "12345" } });
    await expect(cache({ largestFile: 4 }).read(files, "a", upper)).rejects.toBeInstanceOf(FileTooLargeError);
    expect(reads).toEqual([]);
  });

  test("let others run between one file and the next", async () => {
    const { files } = memoryFiles({ a: { text: "1" }, b: { text: "2" } });
    const steps: string[] = [];
    const parsed = new ParsedFiles(() => Promise.resolve(void steps.push("pause")));
    const noting: FileParser<void> = { kind: "noting", parse: (text) => void steps.push(text) };
    for (const path of ["a", "b", "a"]) await parsed.read(files, path, noting);
    expect(steps).toEqual(["pause", "1", "pause", "2"]);
  });

  test("leave in the order of their last use when they are too many", async () => {
    const { files, reads } = memoryFiles({ a: { text: "1" }, b: { text: "2" }, c: { text: "3" } });
    const parsed = cache({ mostFiles: 2 });
    for (const path of ["a", "b", "a", "c", "a", "b"]) await parsed.read(files, path, upper);
    expect(reads).toEqual(["a", "b", "c", "b"]);
    expect(parsed.kept).toEqual({ files: 2, bytes: 2 });
  });

  test("leave when they are too large together", async () => {
    const { files } = memoryFiles({ a: { text: "1234" }, b: { text: "1234" }, c: { text: "1234567890" } });
    const parsed = cache({ mostBytes: 9 });
    for (const path of ["a", "b"]) await parsed.read(files, path, upper);
    expect(parsed.kept).toEqual({ files: 2, bytes: 8 });
    expect(await parsed.read(files, "c", upper)).toEqual({ text: "1234567890" });
    expect(parsed.kept).toEqual({ files: 0, bytes: 0 });
  });
});
