import type { DifferenceMetadata, MetadataEntry } from "../metadata.js";

/** One file of a master's archive, and where it was unpacked. */
export interface UnpackedFile {
  readonly entry: MetadataEntry;
  /** Absolute; the file may be missing there. */
  readonly file: string;
}

/** The files that metadata lists as missing or shared, numbered in its order within `folder`. */
export function unpackedFiles(metadata: DifferenceMetadata, folder: string): UnpackedFile[] {
  return [...metadata.missing, ...metadata.shared].map((entry, number) => ({ entry, file: `${folder}/${number}` }));
}
