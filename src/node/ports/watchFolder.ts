import { stat } from "node:fs/promises";
import type { FolderWatcher } from "./FolderWatcher.js";

/**
 * The library's calls, one after the other: all folders share one descriptor, which it closes with the last of them, and
 * a call that meets it while it is being closed fails ("Bad file descriptor").
 */
let calls: Promise<unknown> = Promise.resolve();

function inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
  const result = calls.then(call);
  calls = result.catch(() => undefined);
  return result;
}

/** The machine's own way to tell of changes (inotify on Linux), read on a thread of the library's. */
export const watchFolder: FolderWatcher = async (folder, { onChange, onLost }) => {
  // Loaded only by a master that watches: a platform without its binary can do without.
  const { subscribe } = await import("@parcel/watcher");
  const subscription = await inTurn(async () => {
    // The library has no word of its own for a folder that is not there; this rejects with ENOENT.
    await stat(folder);
    return await subscribe(folder, (error) => {
      if (error === null) onChange();
      else onLost(error);
    });
  });
  return () => inTurn(() => subscription.unsubscribe());
};
