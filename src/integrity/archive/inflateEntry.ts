import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import JSZip from "jszip";
import { archiveRefused, shownName } from "./archiveRefused.js";
import type { ZipEntry } from "./readZipDirectory.js";
import { METHOD_DEFLATED, RECORD_BYTES, SIGNATURE } from "./zipFormat.js";

/** The name that the entry has in the archive that JSZip is shown: no sender's text reaches it. */
const ENTRY_NAME = "entry";

/** Bit of the largest 32-bit size that JSZip reads rightly: it takes sizes as signed. */
const LARGEST_SIZE = 0x7fffffff;

/**
 * Inflates one deflated entry with JSZip and hands its content to `take` piece by piece, so that a
 * small entry which grows without end is stopped by whoever counts in `take`. JSZip is shown an
 * archive of this entry alone, made here: what it inflates at once is one block of 16 KiB, at most
 * 16 MiB of content.
 *
 * @param packed the entry's deflated bytes.
 * @throws MusterError 3000 when they are broken; whatever `take` throws.
 */
export async function inflateEntry(entry: ZipEntry, packed: Buffer, take: (bytes: Buffer) => void): Promise<void> {
  if (Math.max(entry.size, packed.length) > LARGEST_SIZE) {
    throw archiveRefused(`${shownName(entry.name)} is deflated and has more than ${LARGEST_SIZE} bytes: send it stored`);
  }
  let refusal: { readonly error: unknown } | undefined;
  const sink = new Writable({
    write(bytes: Buffer, _encoding, done) {
      try {
        take(bytes);
        done();
      } catch (error) {
        refusal = { error };
        done(error instanceof Error ? error : new Error("refused", { cause: error }));
      }
    },
  });
  try {
    const archive = await JSZip.loadAsync(singleEntryArchive(entry, packed));
    const file = archive.file(ENTRY_NAME);
    if (file === null) throw new Error("the entry is not in its own archive");
    await pipeline(file.nodeStream(), sink);
  } catch (cause) {
    if (refusal !== undefined) throw refusal.error;
    throw archiveRefused(`${shownName(entry.name)} is broken: it cannot be inflated`, cause);
  }
}

function singleEntryArchive(entry: ZipEntry, packed: Buffer): Buffer {
  const name = Buffer.from(ENTRY_NAME);
  // Version, flags, method, time, date, checksum, sizes, name's length, extra length: the same in both headers.
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(METHOD_DEFLATED, 4);
  common.writeUInt32LE(entry.crc32, 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(entry.size, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([word(SIGNATURE.localHeader), common, name]);
  const madeBy = Buffer.from([20, 0]);
  const tail = Buffer.alloc(RECORD_BYTES.centralHeader - 4 - madeBy.length - common.length);
  const central = Buffer.concat([word(SIGNATURE.centralHeader), madeBy, common, tail, name]);
  const end = Buffer.alloc(RECORD_BYTES.endOfDirectory);
  end.writeUInt32LE(SIGNATURE.endOfDirectory, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + packed.length, 16);
  return Buffer.concat([local, packed, central, end]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}
