export interface FolderListener {
  /** Something below the folder has changed, or will have in a moment. */
  readonly onChange: () => void;
  /** Changes are told no more. */
  readonly onLost: (error: Error) => void;
}

/**
 * Watches a folder with all that is below it. Resolves once every later change is told, with the way to end it.
 * Rejects with the system's error when the folder is not there, or can't be watched.
 */
export type FolderWatcher = (folder: string, listener: FolderListener) => Promise<() => Promise<void>>;
