import type { FolderWatcher } from "./FolderWatcher.js";

/** The machine's own way to tell of changes (inotify on Linux), read on a thread of the library's. */
export const watchFolder: FolderWatcher = async (folder, { onChange, onLost }) => {
  // Loaded only by a master that watches: a platform without its binary can do without.
  const { subscribe } = await import("@parcel/watcher");
  const subscription = await subscribe(folder, (error) => {
    if (error === null) onChange();
    else onLost(error);
  });
  return () => subscription.unsubscribe();
};
