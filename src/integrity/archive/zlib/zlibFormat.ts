import type { ArchiveFormat } from "../ArchiveFormat.js";
import { ZlibArchive } from "./ZlibArchive.js";
import { ZlibContents } from "./ZlibContents.js";

/**
 * Zlib members one behind the other (dialects.md 1.5): for each file its path, `MEMBER_MARK`, its packed content,
 * `MEMBER_END`; the last member is the metadata, without `MEMBER_END`.
 */
export const zlibFormat: ArchiveFormat = Object.freeze({
  // A reader of 4.14.7 and later takes as much content as the writer's limit allows packed bytes.
  bounds: ({ items }) => ({ entries: Number.MAX_SAFE_INTEGER, bytes: items.intervals.communication.maxZipSize }),
  open: (disk, path, { limits, items }) => {
    const archiveBytes = Math.min(limits.archiveBytes, items.intervals.communication.maxZipSize);
    return new ZlibArchive(disk, path, { ...limits, archiveBytes });
  },
  write: (disk, descriptor, { items }, mostPackedBytes) =>
    new ZlibContents(disk, descriptor, {
      level: items.intervals.communication.compressLevel,
      mostBytes: Math.min(mostPackedBytes ?? Number.MAX_SAFE_INTEGER, items.intervals.communication.maxZipSize),
    }),
} satisfies ArchiveFormat);
