/** Signatures and lengths of a zip file's records, as its published format note gives them. */
export const SIGNATURE = {
  localHeader: 0x04034b50,
  centralHeader: 0x02014b50,
  endOfDirectory: 0x06054b50,
  zip64EndOfDirectory: 0x06064b50,
  zip64Locator: 0x07064b50,
} as const;

/** Bytes of each record without its names, extra fields and comments. */
export const RECORD_BYTES = {
  localHeader: 30,
  centralHeader: 46,
  endOfDirectory: 22,
  zip64EndOfDirectory: 56,
  zip64Locator: 20,
} as const;

/** A field that holds this says that the true value is in the zip64 record or field. */
export const IN_ZIP64_16 = 0xffff;
export const IN_ZIP64_32 = 0xffffffff;

/** Extra field with 64-bit sizes and offset. */
export const ZIP64_EXTRA = 0x0001;

export const METHOD_STORED = 0;
export const METHOD_DEFLATED = 8;

/** General purpose bits of entries whose content or names are encrypted, or that are patches. */
export const FLAGS_ENCRYPTED = 0x0001 | 0x0040 | 0x2000;
export const FLAG_PATCH = 0x0020;

/** "Version made by" of archives whose external attributes hold a Unix mode. */
export const MADE_ON_UNIX = 3;
/** The attribute bit by which other systems mark a folder. */
export const DOS_FOLDER = 0x10;

/** The bits of a Unix mode that say what kind of file it is, and those of a regular one. */
export const FILE_TYPE = 0o170000;
export const REGULAR_FILE = 0o100000;
