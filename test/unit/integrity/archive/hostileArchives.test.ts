import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { crc32, deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { readIndex } from "../../../../src/integrity/archive/readIndex.js";
import { unpack } from "../../../../src/integrity/archive/unpack.js";
import type { Limits } from "../../../../src/config/Limits.js";
import { diskWith } from "../apply/diskWith.js";
import { describeFile, masterArchive } from "./masterArchive.js";
import { NodeTree } from "./nodeTree.js";
import { buildZip, type RawEntry } from "./zipBuilder.js";

const FILE = "etc/rules/local.xml";
const CONTENT = "<rules/>";

/** An honest archive of FILE, one of whose entries is changed. */
function withEntry(entry: Partial<RawEntry>, content = CONTENT): Buffer {
  return buildZip([{ name: FILE, content, ...entry }, metadataEntry({ [FILE]: describeFile(FILE, content) })]);
}

function metadataEntry(missing: unknown, others: Record<string, unknown> = {}): RawEntry {
  return { name: "files_metadata.json", content: JSON.stringify({ missing, extra: {}, shared: {}, extra_valid: {}, ...others }) };
}

/** An archive with one more entry, which the metadata lists: only the name can be at fault. */
function withName(name: string | Buffer): Buffer {
  const listed = { [FILE]: describeFile(FILE, CONTENT), [name.toString()]: describeFile(FILE, CONTENT) };
  return buildZip([{ name: FILE, content: CONTENT }, { name, content: CONTENT }, metadataEntry(listed)]);
}

let tree: NodeTree;
let archive: string;

beforeEach(() => {
  tree = new NodeTree();
  archive = tree.at("queue/cluster/worker1/from-master.zip");
});
afterEach(() => tree.remove());

async function unpackBytes(bytes: Buffer, limits: Partial<Limits> = {}): Promise<{ files: number; bytes: number }> {
  writeFileSync(archive, bytes);
  return unpack(nodeDisk, { kind: "unpack", scope: tree.scope(limits), archive, folder: `${archive}dir` });
}

/** The archive is refused with this text, and the node's folder is as it was before. */
async function expectRefused(bytes: Buffer, text: RegExp, limits: Partial<Limits> = {}, code = 3000): Promise<void> {
  const before = tree.paths();
  await expect(unpackBytes(bytes, limits)).rejects.toMatchObject({ code, message: expect.stringMatching(text) as string });
  expect(tree.paths()).toEqual(before);
}

describe("an honest archive", () => {
  it("is unpacked: what the refusals below change is the reason of each", async () => {
    expect(await unpackBytes(withEntry({}))).toMatchObject({ files: 1, bytes: CONTENT.length });
  });

  it.each<[string, Partial<RawEntry>]>([
    ["deflated", { deflate: true }],
    ["with a data descriptor", { descriptor: true }],
    ["deflated with a data descriptor", { descriptor: true, deflate: true }],
    ["with zip64 sizes", { zip64: true }],
    ["with a comment", { comment: "made by hand" }],
    ["made on another system, without a Unix mode", { madeOn: 0, attributes: 0x20 }],
    ["of Unix, but without a file type", { mode: 0o644 }],
    ["with an unknown extra field", { extra: Buffer.from([0x55, 0x54, 2, 0, 1, 2]) }],
  ])("may have an entry %s", async (_, entry) => {
    expect(await unpackBytes(withEntry(entry))).toMatchObject({ files: 1, bytes: CONTENT.length });
  });

  it("may have zip64 end records and a comment", async () => {
    const zip = { zip64: true, comment: Buffer.from("a comment with PK\x05\x06 in it, which is no end record") };
    expect(await unpackBytes(masterArchive({ missing: { [FILE]: CONTENT }, zip }))).toMatchObject({ files: 1 });
  });
});

describe("entry names", () => {
  it.each([
    ["absolute", "/etc/rules/evil.xml"],
    ["absolute twice", "//etc/rules/evil.xml"],
    ["climbing", "../../etc/rules/evil.xml"],
    ["climbing inside", "etc/rules/../../../evil.xml"],
    ["ending in ..", "etc/rules/.."],
    ["with a dot segment", "etc/./rules/evil.xml"],
    ["with an empty segment", "etc//rules/evil.xml"],
    ["of a folder", "etc/rules/"],
    ["with a backslash", "etc\\rules\\evil.xml"],
    ["climbing with backslashes", "etc/rules/..\\..\\evil.xml"],
    ["with NUL", "etc/rules/evil.xml\0.txt"],
    ["empty", ""],
    [".", "."],
    ["of 256 bytes", `etc/rules/${"x".repeat(256)}`],
    ["of 4100 bytes", `etc/rules/${"x/".repeat(2050)}x`],
  ])("%s: refused", async (_, name) => {
    await expectRefused(withName(name), /is not a plain relative path/);
  });

  it("that are not UTF-8: refused", async () => {
    await expectRefused(withName(Buffer.from("etc/rules/\xff.xml", "latin1")), /is not UTF-8/);
  });

  it("that come twice: refused, whichever of the two a library would keep", async () => {
    const listed = metadataEntry({ [FILE]: describeFile(FILE, CONTENT) });
    await expectRefused(buildZip([{ name: FILE, content: CONTENT }, { name: FILE, content: "other" }, listed]), /local\.xml" comes twice/);
  });

  it("of a second metadata: refused", async () => {
    await expectRefused(buildZip([metadataEntry({}), metadataEntry({})]), /files_metadata\.json" comes twice/);
  });

  it("that another extra field says again differently: the field is not believed", async () => {
    const path = Buffer.from("../../evil");
    const field = Buffer.alloc(9 + path.length);
    field.writeUInt16LE(0x7075, 0);
    field.writeUInt16LE(5 + path.length, 2);
    field.writeUInt8(1, 4);
    field.writeUInt32LE(crc32(Buffer.from(FILE)), 5);
    path.copy(field, 9);
    expect(await unpackBytes(withEntry({ extra: field }))).toMatchObject({ files: 1 });
    expect(tree.paths().filter((found) => found.includes("evil"))).toEqual([]);
  });

  it("that differ between the entry and the directory: refused", async () => {
    await expectRefused(withEntry({ localName: "etc/rules/other.xml" }), /does not agree with its own header/);
  });
});

describe("kinds of entries", () => {
  it.each([
    ["a symbolic link", 0o120777],
    ["a folder", 0o040755],
    ["a device", 0o060600],
    ["a pipe", 0o010600],
    ["a socket", 0o140600],
  ])("%s: refused", async (_, mode) => {
    await expectRefused(withEntry({ mode }), /is a link, a folder or another special file/);
  });

  it("a folder by the other systems' bit: refused", async () => {
    await expectRefused(withEntry({ madeOn: 0, attributes: 0x10 }), /is a link, a folder/);
  });

  it.each([
    ["encrypted", 0x0001],
    ["strongly encrypted", 0x0040],
    ["with a masked header", 0x2000],
  ])("%s: refused", async (_, flags) => {
    await expectRefused(withEntry({ flags }), /local\.xml" is encrypted/);
  });

  it.each([
    ["an unknown method", { method: 99 }],
    ["bzip2", { method: 12 }],
    ["a patch", { flags: 0x0020 }],
  ])("packed by %s: refused", async (_, entry) => {
    await expectRefused(withEntry(entry), /other than stored and deflated/);
  });

  it("stored by the directory, deflated by its own header: refused", async () => {
    await expectRefused(withEntry({ localMethod: 8 }), /does not agree with its own header/);
  });
});

describe("what the metadata does not list", () => {
  it("an entry inside an item: refused", async () => {
    const unlisted = [{ name: "etc/rules/other.xml", content: "x" }];
    await expectRefused(masterArchive({ missing: { [FILE]: CONTENT }, unlisted }), /other\.xml" is not listed by its metadata/);
  });

  it("an entry that is listed as extra only: refused", async () => {
    const unlisted = [{ name: "etc/rules/other.xml", content: "x" }];
    await expectRefused(masterArchive({ extra: ["etc/rules/other.xml"], unlisted }), /is not listed/);
  });

  it("an archive without metadata: refused", async () => {
    await expectRefused(buildZip([{ name: FILE, content: CONTENT }]), /has no files_metadata\.json/);
  });

  it("an archive without entries: refused", async () => {
    await expectRefused(buildZip([]), /has no files_metadata\.json/);
  });

  it("a listed file outside every item is not unpacked, nor are excluded ones; the others are", async () => {
    const missing = { [FILE]: CONTENT, "etc/ossec.conf": "evil", "etc/shared/a/ar.conf": "evil", "bin/evil": "evil" };
    expect(await unpackBytes(masterArchive({ missing }))).toMatchObject({ files: 1, bytes: CONTENT.length });
    expect(tree.read("queue/cluster/worker1/from-master.zipdir/0")).toBe(CONTENT);
    expect(tree.has("queue/cluster/worker1/from-master.zipdir/1")).toBe(false);
  });

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["groups missing", JSON.stringify({ missing: {}, extra: {}, shared: {} })],
    ["an unknown group", JSON.stringify({ missing: {}, extra: {}, shared: {}, extra_valid: {}, more: {} })],
    ["an unknown item", JSON.stringify({ missing: { [FILE]: { ...describeFile(FILE), cluster_item_key: "bin/" } }, extra: {}, shared: {}, extra_valid: {} })],
    ["a prototype's name as item", JSON.stringify({ missing: { [FILE]: { ...describeFile(FILE), cluster_item_key: "__proto__" } }, extra: {}, shared: {}, extra_valid: {} })],
    ["a climbing path to delete", JSON.stringify({ missing: {}, extra: { "../../evil": describeFile(FILE) }, shared: {}, extra_valid: {} })],
  ])("metadata that is %s: refused", async (_, content) => {
    const before = tree.paths();
    const bytes = buildZip([{ name: "files_metadata.json", content: String(content) }]);
    await expect(unpackBytes(bytes)).rejects.toMatchObject({ name: "WazuhClusterError" });
    expect(tree.paths()).toEqual(before);
  });
});

describe("sizes, counted while unpacking", () => {
  const MIB = 1024 * 1024;
  const bomb = deflateRawSync(Buffer.alloc(64 * MIB));

  it("a declared size above the limit: refused before anything is read", async () => {
    await expectRefused(withEntry({ deflate: true }, "x".repeat(2000)), /more than 1000 bytes \(archiveEntryBytes\)/, { archiveEntryBytes: 1000 });
  });

  it("a bomb that declares a small size: refused, nothing of it stays", async () => {
    const entry = { packed: bomb, method: 8, size: 10, crc: 0 };
    await expectRefused(withEntry(entry, "0123456789"), /says 10 bytes, but has others/);
  });

  it("a bomb within the entry's limit: stopped by the limit on the sum", async () => {
    const entry = { packed: bomb, method: 8, size: 64 * MIB };
    await expectRefused(withEntry(entry), /more than 1048576 bytes together \(archiveBytes\)/, { archiveBytes: MIB });
  });

  it("many entries below the limit of one: stopped by the limit on the sum", async () => {
    const missing = Object.fromEntries(Array.from({ length: 20 }, (_, number) => [`etc/rules/${number}.xml`, "x".repeat(1000)]));
    await expectRefused(masterArchive({ missing }), /more than 15000 bytes together/, { archiveBytes: 15_000 });
  });

  it("more entries than the limit: refused before any is read", async () => {
    const missing = Object.fromEntries(Array.from({ length: 20 }, (_, number) => [`etc/rules/${number}.xml`, "x"]));
    await expectRefused(masterArchive({ missing }), /has 21 entries; the limit \(archiveEntries\) is 20/, { archiveEntries: 20 });
  });

  it("more entries than the end record says: refused", async () => {
    const missing = Object.fromEntries(Array.from({ length: 20 }, (_, number) => [`etc/rules/${number}.xml`, "x"]));
    await expectRefused(masterArchive({ missing, zip: { entries: 3 } }), /says 3 entries, but its directory has others/);
  });

  it("a directory far longer than its end record says is not read to its end", async () => {
    const entries = Array.from({ length: 60_000 }, (_, number) => ({ name: `etc/rules/${number}.xml` }));
    writeFileSync(archive, buildZip(entries, { entries: 3 }));
    let bytes = 0;
    const disk = diskWith({
      readSync: (...given) => {
        const read = nodeDisk.readSync(...given);
        bytes += read;
        return read;
      },
    });
    await expect(unpack(disk, { kind: "unpack", scope: tree.scope(), archive, folder: `${archive}dir` })).rejects.toMatchObject({ code: 3000 });
    expect(bytes).toBeLessThan(1.5 * MIB);
  });

  it("a stored entry with two sizes: refused", async () => {
    await expectRefused(withEntry({ size: 4 }), /its two sizes differ/);
  });

  it.each([
    ["smaller", 3],
    ["larger", 4000],
    ["zero", 0],
  ])("a deflated entry that declares a %s size: refused", async (_, size) => {
    await expectRefused(withEntry({ deflate: true, size }), /cannot be inflated|says \d+ bytes, but has others|checksum is wrong/);
  });

  it("metadata larger than it may be: refused by its declared size", async () => {
    const bytes = buildZip([{ ...metadataEntry({}), zip64: true, size: 300 * MIB, method: 8, packed: Buffer.from([3, 0]) }]);
    await expectRefused(bytes, /files_metadata\.json" has more than 268435456 bytes/);
  });

  it("a zip64 size beyond every number: refused", async () => {
    const extra = Buffer.alloc(28, 0xff);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    await expectRefused(withEntry({ size: 0xffffffff, compressedSize: 0xffffffff, extra }), /has a broken size or offset/);
  });

  it("a zip64 size without its field: refused", async () => {
    await expectRefused(withEntry({ size: 0xffffffff, compressedSize: 0xffffffff }), /has a broken size or offset/);
  });

  it("entries that share their bytes: refused", async () => {
    const listed = { [FILE]: describeFile(FILE, CONTENT), "etc/rules/second.xml": describeFile(FILE, CONTENT) };
    const entries = [{ name: FILE, content: CONTENT }, { name: "etc/rules/second.xml", content: CONTENT, offset: 0 }, metadataEntry(listed)];
    await expectRefused(buildZip(entries), /reaches into other parts/);
  });

  it("an entry that reaches into the directory: refused", async () => {
    const bytes = buildZip([{ ...metadataEntry({}), compressedSize: 10_000, size: 10_000 }]);
    await expectRefused(bytes, /reaches into other parts/);
  });
});

describe("broken archives", () => {
  it("a wrong checksum of a stored entry: refused", async () => {
    await expectRefused(withEntry({ crc: 1 }), /local\.xml" is broken: its checksum is wrong/);
  });

  it("a wrong checksum of a deflated entry: refused", async () => {
    await expectRefused(withEntry({ crc: 1, deflate: true }), /its checksum is wrong/);
  });

  it.each([
    ["garbage", Buffer.from("this is no deflated content")],
    ["cut", deflateRawSync(Buffer.from(CONTENT.repeat(100))).subarray(0, 5)],
    ["empty", Buffer.alloc(0)],
  ])("deflated content that is %s: refused", async (_, packed) => {
    await expectRefused(withEntry({ packed, method: 8 }), /local\.xml" (is broken|says)/);
  });

  it("cut at any byte: refused", async () => {
    const bytes = withEntry({});
    for (let length = 0; length < bytes.length; length++) await expectRefused(bytes.subarray(0, length), /archive refused/);
  });

  it("followed by other bytes: refused", async () => {
    await expectRefused(Buffer.concat([withEntry({}), Buffer.from("tail")]), /no zip file, or its end is missing/);
  });

  it("preceded by other bytes, so that offsets do not fit: refused", async () => {
    await expectRefused(Buffer.concat([Buffer.from("#!/bin/sh\n"), withEntry({})]), /not where its end record says/);
  });

  it("with bytes between the entries and the directory: read by its directory", async () => {
    expect(await unpackBytes(masterArchive({ missing: { [FILE]: CONTENT }, zip: { gap: Buffer.alloc(100) } }))).toMatchObject({ files: 1 });
  });

  it.each([
    ["a directory elsewhere", { directoryOffset: 3 }],
    ["a shorter directory", { directoryBytes: 10 }],
    ["several volumes", { disk: 1 }],
    ["several zip64 volumes", { zip64: true, zip64Disks: 2 }],
    ["a zip64 directory elsewhere", { zip64: true, directoryOffset: 3 }],
  ])("whose end record says %s: refused", async (_, zip) => {
    await expectRefused(masterArchive({ missing: { [FILE]: CONTENT }, zip }), /archive refused/);
  });

  it("with any one byte changed: refused, or unpacked with the same content", async () => {
    const bytes = withEntry({});
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed.readUInt8(at) ^ 0x21) & 0xff, at);
      const outcome = await unpackBytes(changed).catch((error: unknown) => error);
      const folder = "queue/cluster/worker1/from-master.zipdir";
      if (outcome instanceof Error) expect(tree.has(folder)).toBe(false);
      else if (tree.has(`${folder}/0`)) expect(tree.read(`${folder}/0`)).toBe(CONTENT);
      nodeDisk.rmSync(tree.at(folder), { recursive: true, force: true });
    }
  });
});

describe("the folder", () => {
  it("is private", async () => {
    await unpackBytes(withEntry({}));
    expect(tree.mode("queue/cluster/worker1/from-master.zipdir")).toBe(0o700);
  });

  it("must not be there yet; what stands there stays", async () => {
    mkdirSync(`${archive}dir`);
    writeFileSync(`${archive}dir/kept`, "kept");
    await expect(unpackBytes(withEntry({}))).rejects.toMatchObject({ code: "EEXIST" });
    expect(tree.read("queue/cluster/worker1/from-master.zipdir/kept")).toBe("kept");
  });

  it("is not made through a link", async () => {
    mkdirSync(tree.at("elsewhere"));
    symlinkSync(tree.at("elsewhere"), `${archive}dir`);
    await expect(unpackBytes(withEntry({}))).rejects.toMatchObject({ code: "EEXIST" });
    expect(tree.paths("elsewhere")).toEqual([]);
  });

  it("an archive that is a link is not followed", async () => {
    writeFileSync(tree.at("elsewhere.zip"), withEntry({}));
    symlinkSync(tree.at("elsewhere.zip"), archive);
    await expect(unpack(nodeDisk, { kind: "unpack", scope: tree.scope(), archive, folder: `${archive}dir` })).rejects.toMatchObject({ code: "ELOOP" });
    expect(tree.has("elsewhere.zip")).toBe(true);
  });
});

describe("a worker's index archive", () => {
  async function readBytes(bytes: Buffer): Promise<number> {
    writeFileSync(archive, bytes);
    return (await readIndex(nodeDisk, { kind: "readIndex", scope: tree.scope(), archive })).files;
  }

  it("is read and removed", async () => {
    const content = JSON.stringify({ [FILE]: describeFile(FILE) });
    expect(await readBytes(buildZip([{ name: "files_metadata.json", content }]))).toBe(1);
    expect(tree.has("queue/cluster/worker1/from-master.zip")).toBe(false);
  });

  it("may hold nothing besides its metadata", async () => {
    const bytes = buildZip([
      { name: FILE, content: CONTENT },
      { name: "files_metadata.json", content: JSON.stringify({ [FILE]: describeFile(FILE) }) },
    ]);
    await expect(readBytes(bytes)).rejects.toMatchObject({ code: 3000, message: expect.stringMatching(/local\.xml" is not listed/) as string });
    expect(tree.has("queue/cluster/worker1/from-master.zip")).toBe(false);
  });

  it("is removed also when it is broken", async () => {
    await expect(readBytes(Buffer.from("garbage"))).rejects.toMatchObject({ code: 3000 });
    expect(tree.has("queue/cluster/worker1/from-master.zip")).toBe(false);
  });
});
