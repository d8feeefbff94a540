import { createHash, randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultClusterItems } from "../../../../src/config/defaultClusterItems.js";
import type { Limits } from "../../../../src/config/Limits.js";
import { apply } from "../../../../src/integrity/apply.js";
import { readIndex } from "../../../../src/integrity/archive/readIndex.js";
import { unpack } from "../../../../src/integrity/archive/unpack.js";
import { isMarkable, MarkSearch, MEMBER_END, MEMBER_MARK } from "../../../../src/integrity/archive/zlib/marks.js";
import { ZlibArchive } from "../../../../src/integrity/archive/zlib/ZlibArchive.js";
import { ZlibContents } from "../../../../src/integrity/archive/zlib/ZlibContents.js";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { FileIndex } from "../../../../src/integrity/FileIndex.js";
import { zlib414 } from "../../../../src/protocol/dialects/zlib414.js";
import type { NodeScope } from "../../../../workers/jobs.js";
import { readMembers, writeMembers } from "../../../support/peer/plainMembers.js";
import { readRecording } from "../../../support/recordings.js";
import { readTar, type TarEntry } from "../../../support/tar.js";
import { NodeTree } from "./nodeTree.js";

const FILE = "etc/rules/local.xml";
const CONTENT = Buffer.from("<rules/>");
const METADATA = "files_metadata.json";

const described = (path: string, content: Buffer) => ({
  mod_time: 1637600000.5,
  cluster_item_key: path.startsWith("etc/rules/") ? "etc/rules/" : "etc/",
  merged: false,
  hash: createHash("blake2b512").update(content).digest("hex"),
});

function metadata(missing: readonly string[], content = CONTENT): Buffer {
  const files = Object.fromEntries(missing.map((path) => [path, described(path, content)]));
  return Buffer.from(JSON.stringify({ missing: files, extra: {}, shared: {} }));
}

let tree: NodeTree;
let archive: string;

beforeEach(() => {
  tree = new NodeTree();
  archive = tree.at("queue/cluster/worker1/from-master.zip");
});
afterEach(() => tree.remove());

const scope = (limits: Partial<Limits> = {}, maxZipSize?: number): NodeScope => {
  const items = defaultClusterItems(zlib414);
  const { communication } = items.intervals;
  const intervals = { ...items.intervals, communication: { ...communication, maxZipSize: maxZipSize ?? communication.maxZipSize } };
  return tree.scope(limits, { ...items, intervals }, zlib414);
};

async function unpackBytes(bytes: Buffer, limits: Partial<Limits> = {}, maxZipSize?: number) {
  writeFileSync(archive, bytes);
  return await unpack(nodeDisk, { kind: "unpack", scope: scope(limits, maxZipSize), archive, folder: `${archive}dir` });
}

async function expectRefused(bytes: Buffer, text: RegExp, code = 3000, limits: Partial<Limits> = {}, maxZipSize?: number): Promise<void> {
  const before = tree.paths();
  await expect(unpackBytes(bytes, limits, maxZipSize)).rejects.toMatchObject({ code, message: expect.stringMatching(text) as string });
  expect(tree.paths()).toEqual(before);
}

const honest = (): Buffer => writeMembers([[FILE, CONTENT], [METADATA, metadata([FILE])]]);
const withName = (name: string): Buffer => writeMembers([[FILE, CONTENT], [name, CONTENT], [METADATA, metadata([FILE, name])]]);

describe("an honest archive of members", () => {
  it("is unpacked: what the refusals below change is the reason of each", async () => {
    expect(await unpackBytes(honest())).toMatchObject({ files: 1, bytes: CONTENT.length });
  });

  it("has a content larger than a piece", async () => {
    const large = randomFillSync(Buffer.alloc(1_500_000));
    const bytes = writeMembers([[FILE, large], [METADATA, metadata([FILE], large)]]);
    expect(await unpackBytes(bytes)).toMatchObject({ files: 1, bytes: large.length });
    expect(readFileSync(`${archive}dir/0`).equals(large)).toBe(true);
  });

  it.each([0, 1, 6, 9])("is packed at level %i", async (level) => {
    const head = (name: string): Buffer => Buffer.concat([Buffer.from(name), MEMBER_MARK]);
    const bytes = Buffer.concat([head(FILE), deflateSync(CONTENT, { level }), MEMBER_END, head(METADATA), deflateSync(metadata([FILE]), { level })]);
    expect(await unpackBytes(bytes)).toMatchObject({ files: 1 });
  });

  it("has bytes behind a member's end, small or large: they are nothing", async () => {
    for (const size of [10, 400_000]) {
      const large = randomFillSync(Buffer.alloc(size));
      const bytes = Buffer.concat([Buffer.from(FILE), MEMBER_MARK, deflateSync(large), Buffer.alloc(300_000, "x"), MEMBER_END, Buffer.from(METADATA), MEMBER_MARK, deflateSync(metadata([FILE], large))]);
      expect(await unpackBytes(bytes)).toMatchObject({ files: 1, bytes: size });
      tree.remove();
      tree = new NodeTree();
      archive = tree.at("queue/cluster/worker1/from-master.zip");
    }
  });
});

describe("a hostile archive of members is refused, and nothing of it is left", () => {
  it.each(["/etc/rules/x", "etc/rules/../x", "etc\\rules\\x", "etc/rules/\0", "", "./x", "etc//x"])("a path that may not travel: %j", async (name) => {
    await expectRefused(withName(name), /may travel|no name/);
  });

  it("a path that is no UTF-8", async () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), MEMBER_MARK, deflateSync(CONTENT), MEMBER_END, honest()]);
    await expectRefused(bytes, /may travel/);
  });

  it("a path twice", async () => {
    await expectRefused(writeMembers([[FILE, CONTENT], [FILE, CONTENT], [METADATA, metadata([FILE])]]), /there twice/);
  });

  it("a file that the metadata does not list", async () => {
    await expectRefused(writeMembers([[FILE, CONTENT], ["etc/rules/other", CONTENT], [METADATA, metadata([FILE])]]), /not listed/);
  });

  it("no metadata, or metadata that is not the last entry", async () => {
    await expectRefused(writeMembers([[FILE, CONTENT]]), /not its last entry/);
    await expectRefused(writeMembers([[METADATA, metadata([FILE])], [FILE, CONTENT]]), /not its last entry/);
  });

  it("an end behind the last entry", async () => {
    await expectRefused(Buffer.concat([honest(), MEMBER_END]), /has no name/);
  });

  it("nothing at all, or a zip file", async () => {
    await expectRefused(Buffer.alloc(0), /has no name/);
    await expectRefused(Buffer.from("PK\u0003\u0004 and more"), /has no name/);
  });

  it("a name without an end", async () => {
    await expectRefused(Buffer.alloc(1_000_000, "a"), /has no name/);
  });

  it.each([1, 4, 20])("a stream that lacks its last %i bytes", async (bytes) => {
    const packed = deflateSync(randomFillSync(Buffer.alloc(200)));
    const short = Buffer.concat([Buffer.from(FILE), MEMBER_MARK, packed.subarray(0, -bytes), MEMBER_END, Buffer.from(METADATA), MEMBER_MARK, deflateSync(metadata([FILE]))]);
    await expectRefused(short, /cannot be unpacked to its end/);
    const large = deflateSync(randomFillSync(Buffer.alloc(300_000)));
    const shortLarge = Buffer.concat([Buffer.from(FILE), MEMBER_MARK, large.subarray(0, -bytes), MEMBER_END, Buffer.from(METADATA), MEMBER_MARK, deflateSync(metadata([FILE]))]);
    await expectRefused(shortLarge, /cannot be unpacked to its end/);
  });

  it("content that is no stream", async () => {
    await expectRefused(Buffer.concat([Buffer.from(FILE), MEMBER_MARK, Buffer.from("no zlib"), MEMBER_END, honest()]), /unpacked|twice/);
  });

  it("an entry that grows beyond its limit, however small it is packed", async () => {
    const bomb = Buffer.alloc(8 * 1024 * 1024);
    const bytes = writeMembers([[FILE, bomb], [METADATA, metadata([FILE], bomb)]]);
    expect(bytes.length).toBeLessThan(64 * 1024);
    await expectRefused(bytes, /more than 1000000 bytes \(archiveEntryBytes\)/, 3053, { archiveEntryBytes: 1_000_000 });
  });

  it("entries that are too large together: archiveBytes, and cluster.json's max_zip_size", async () => {
    const half = Buffer.alloc(600_000);
    const other = "etc/rules/other.xml";
    const bytes = writeMembers([[FILE, half], [other, half], [METADATA, metadata([FILE, other], half)]]);
    await expectRefused(bytes, /bytes together/, 3053, { archiveBytes: 1_000_000 });
    await expectRefused(bytes, /bytes together/, 3053, {}, 1_000_000);
  });

  it("more entries than the limit", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `etc/rules/${index}`);
    const bytes = writeMembers([...names.map((name) => [name, CONTENT] as const), [METADATA, metadata(names)]]);
    await expectRefused(bytes, /more than 5 entries/, 3000, { archiveEntries: 5 });
  });
});

describe("the writer of members", () => {
  const options = { level: 1, mostBytes: 1_000_000_000 };

  async function write(files: Readonly<Record<string, Buffer>>, written = options) {
    for (const [path, content] of Object.entries(files)) tree.write(path, content);
    const descriptor = openSync(archive, "w+");
    try {
      const contents = new ZlibContents(nodeDisk, descriptor, written);
      const sources = Object.keys(files).map((path) => ({ path, file: tree.at(path), modTime: 0, mode: 0o660 }));
      const failures = await contents.writeFiles(sources);
      const finished = await contents.finish(Buffer.from("{}"));
      const bytes = readFileSync(archive);
      // Also when some member was tried at several levels, or not taken.
      expect(finished).toEqual({ bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest() });
      return { failures, members: readMembers(bytes) };
    } finally {
      closeSync(descriptor);
    }
  }

  it("writes the reference's bytes", async () => {
    await write({ "etc/rules/a.xml": Buffer.from("hello\n") });
    expect(readFileSync(archive).toString("hex")).toBe(
      "6574632f72756c65732f612e786d6c7c2f2f40402f2f7c7801cb48cdc9c9e70200084b021f7c40402f2f40407c" +
        "66696c65735f6d657461646174612e6a736f6e7c2f2f40402f2f7c7801abae0500017500f9",
    );
  });

  it("writes files of any size, also empty ones", async () => {
    const files = { "etc/rules/empty": Buffer.alloc(0), "etc/rules/large": randomFillSync(Buffer.alloc(1_300_000)), "etc/rules/small": CONTENT };
    const { failures, members } = await write(files);
    expect(failures).toEqual([]);
    expect([...members.keys()]).toEqual([...Object.keys(files), METADATA]);
    for (const [path, content] of Object.entries(files)) expect(members.get(path)?.equals(content)).toBe(true);
  });

  it("packs anew at another level what would hold the separator", async () => {
    // Level 0 shows the content as it is.
    const { failures, members } = await write({ [FILE]: Buffer.concat([CONTENT, MEMBER_END, CONTENT]) }, { ...options, level: 0 });
    expect(failures).toEqual([]);
    expect([...members.keys()]).toEqual([FILE, METADATA]);
    const large = Buffer.alloc(900_000, "some text that packs well, ");
    MEMBER_END.copy(large, 400_000);
    expect((await write({ [FILE]: large }, { ...options, level: 0 })).members.get(FILE)?.equals(large)).toBe(true);
  });

  it("refuses what no level packs otherwise", async () => {
    const noise = randomFillSync(Buffer.alloc(900_000));
    MEMBER_END.copy(noise, 400_000);
    const { failures, members } = await write({ "etc/rules/noise": noise, [FILE]: CONTENT });
    expect(failures).toEqual([{ path: "etc/rules/noise", code: "EILSEQ", message: expect.stringContaining("cannot be sent") as string }]);
    expect([...members.keys()]).toEqual([FILE, METADATA]);
  });

  it("refuses names with a separator, or whose end would make one", async () => {
    const names = ["etc/rules/a|//@@//|b", "etc/rules/a|@@//@@|b", "etc/rules/a|//@@/"];
    expect(names.map(isMarkable)).toEqual([false, false, true]);
    mkdirSync(tree.at("etc/rules/a|"), { recursive: true });
    const contents = new ZlibContents(nodeDisk, 0, options);
    const failures = await contents.writeFiles(names.slice(0, 2).map((path) => ({ path, file: tree.at(FILE), modTime: 0, mode: 0o660 })));
    expect(failures.map(({ code }) => code)).toEqual(["EILSEQ", "EILSEQ"]);
  });

  it("leaves out what cannot be read, and goes on", async () => {
    symlinkSync("/etc/passwd", tree.at("etc/rules/link"));
    tree.write(FILE, CONTENT);
    const descriptor = openSync(archive, "w+");
    const contents = new ZlibContents(nodeDisk, descriptor, options);
    const paths = ["etc/rules/link", "etc/rules/gone", "etc/rules", FILE];
    const failures = await contents.writeFiles(paths.map((path) => ({ path, file: tree.at(path), modTime: 0, mode: 0o660 })));
    await contents.finish(Buffer.from("{}"));
    closeSync(descriptor);
    expect(failures.map(({ path, code }) => [path, code])).toEqual([["etc/rules/link", "ELOOP"], ["etc/rules/gone", "ENOENT"], ["etc/rules", "EINVAL"]]);
    expect([...readMembers(readFileSync(archive)).keys()]).toEqual([FILE, METADATA]);
  });

  it("stops at its limit: that file and all that follow are left for the next round", async () => {
    const large = (): Buffer => randomFillSync(Buffer.alloc(40_000));
    const { failures, members } = await write({ "etc/a": large(), "etc/b": large(), "etc/c": CONTENT }, { ...options, mostBytes: 50_000 });
    expect(failures.map(({ path, code }) => [path, code])).toEqual([["etc/b", "E2BIG"], ["etc/c", "E2BIG"]]);
    expect([...members.keys()]).toEqual(["etc/a", METADATA]);
  });

  it("a file that alone is too large does not stop the others", async () => {
    const { failures, members } = await write({ "etc/a": randomFillSync(Buffer.alloc(60_000)), "etc/c": CONTENT }, { ...options, mostBytes: 50_000 });
    expect(failures.map(({ path, code }) => [path, code])).toEqual([["etc/a", "EFBIG"]]);
    expect([...members.keys()]).toEqual(["etc/c", METADATA]);
  });

  it("what is written is read again, whatever it is", async () => {
    const content = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
    const name = fc.stringMatching(/^[a-z|/@]{1,12}$/).map((text) => `etc/${text.replaceAll("/", "_")}`);
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, content, { maxKeys: 6 }), async (files) => {
        await write(files);
        const reader = new ZlibArchive(nodeDisk, archive, scope().limits);
        try {
          expect(reader.entries.map((entry) => entry.name)).toEqual([...Object.keys(files), METADATA]);
          for (const entry of reader.entries.slice(0, -1)) {
            const pieces: Buffer[] = [];
            await reader.read(entry, (bytes) => pieces.push(Buffer.from(bytes)));
            expect(Buffer.concat(pieces).equals(files[entry.name] ?? Buffer.alloc(1))).toBe(true);
          }
        } finally {
          reader.close();
        }
      }),
      { numRuns: 30, seed: 414 },
    );
  });
});

describe("the search for separators", () => {
  it("finds them wherever the pieces are cut", () => {
    const bytes = Buffer.concat([Buffer.from("ab"), MEMBER_END, MEMBER_END, Buffer.from("|@@//@@//@@|c|@@//@"), MEMBER_END]);
    const whole = new MarkSearch();
    whole.push(bytes);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
        const search = new MarkSearch();
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          search.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(search.found).toEqual(whole.found);
      }),
      { seed: 414 },
    );
    expect(whole.found).toEqual([2, 10, 37]);
  });
});

describe("the archives of a recorded synchronisation of dialect 4.14", () => {
  const recorded = readRecording("first-sync", "4.14").frames.flatMap(({ sender, command, payload }) =>
    command === "file_upd" && payload !== undefined ? [{ sender, bytes: payload.subarray(payload.indexOf(0x20) + 1) }] : [],
  );

  function layOut(target: NodeTree, entries: readonly TarEntry[]): void {
    for (const { path, kind, mode, modTime, content } of entries) {
      if (kind === "folder") mkdirSync(target.at(path), { recursive: true });
      else target.write(path, content, { mode, modTime });
    }
  }
  const recordedTree = (name: string) => readTar(readFileSync(new URL(`../../../fixtures/vectors/4.14/${name}.tar`, import.meta.url)));

  it("every one is taken by the side that received it", async () => {
    for (const { sender, bytes } of recorded) {
      writeFileSync(archive, bytes);
      if (sender === "worker") {
        const read = await readIndex(nodeDisk, { kind: "readIndex", scope: scope(), archive });
        expect(read.files).toBe([...new FileIndex(read.index).entries()].length);
      } else {
        const folder = `${archive}dir`;
        await unpack(nodeDisk, { kind: "unpack", scope: scope(), archive, folder });
        apply(nodeDisk, { kind: "apply", scope: scope(), folder });
      }
    }
    expect(recorded.length).toBeGreaterThan(8);
  });

  it("the master's first one makes the recorded tree after of the recorded tree before", async () => {
    layOut(tree, recordedTree("worker1-before"));
    const [, difference] = recorded;
    await unpackBytes(difference?.bytes ?? Buffer.alloc(0));
    const applied = apply(nodeDisk, { kind: "apply", scope: scope(), folder: `${archive}dir` });
    expect(applied.problems).toEqual([]);
    expect(applied.removedAgents).toEqual([]);
    const seen = new NodeTree("worker1");
    try {
      layOut(seen, recordedTree("worker1-after"));
      expect(tree.contents()).toEqual(seen.contents());
      for (const { path, kind } of recordedTree("worker1-after")) if (kind === "file") expect([path, tree.mode(path)]).toEqual([path, seen.mode(path)]);
    } finally {
      seen.remove();
    }
  });
});
