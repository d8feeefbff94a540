import type { FileIndex } from "./FileIndex.js";

/** A batch has at least this many files, unless they are heavy or the last ones: handing over a job costs as much as hashing several small files. */
export const SMALLEST_BATCH = 16;
/** A batch of enough files is closed at this many bytes: some hundred small files, so that handing over costs little. */
export const BATCH_BYTES = 4 * 1024 * 1024;
/** A batch is closed at this many bytes whatever it holds, so that heavy files spread over the threads. */
export const LARGEST_BATCH_BYTES = 8 * 1024 * 1024;
/** What each file costs beside its content (opening and closing it), in bytes hashed in that time. */
export const BYTES_PER_FILE = 4 * 1024;
/** Taken as the size of a file that the walk has not looked at. */
const UNKNOWN_FILE_BYTES = 8 * 1024;

/** The slots that need a hash, as [from, to) ranges of similar weight. A range may hold others too. */
export function cutBatches(draft: FileIndex): { readonly batches: readonly (readonly [number, number])[]; readonly toHash: number } {
  const batches: (readonly [number, number])[] = [];
  let toHash = 0;
  let from = 0;
  let files = 0;
  let bytes = 0;
  let to = 0;
  const close = (): void => {
    if (files > 0) batches.push([from, to]);
    files = 0;
    bytes = 0;
  };
  for (let slot = 0; slot < draft.slots; slot++) {
    if (!draft.needsHash(slot)) continue;
    if (files === 0) from = slot;
    to = slot + 1;
    files++;
    toHash++;
    bytes += BYTES_PER_FILE + (draft.changeTime(slot) === 0 ? UNKNOWN_FILE_BYTES : draft.fileSize(slot));
    if ((files >= SMALLEST_BATCH && bytes >= BATCH_BYTES) || bytes >= LARGEST_BATCH_BYTES) close();
  }
  close();
  return { batches, toHash };
}
