/** What can be bound to a statement's parameters. */
export type SqlParameter = string | number | null;
/** What a column can hold; blobs are read as UTF-8 text. */
export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * The little of SQLite that the embedded store needs; all of it synchronous, so only for a thread of its own.
 * Failures throw an `Error` with SQLite's message.
 */
export interface SqlDatabase {
  /** A select's rows. The statement is kept for the next time: only for the store's own texts. */
  all(statement: string, ...parameters: readonly SqlParameter[]): SqlRow[];
  /** A change; gives the number of rows it touched. The statement is kept. */
  run(statement: string, ...parameters: readonly SqlParameter[]): number;
  /** A caller's statement, not kept: a select's rows one after another, or nothing for a change. */
  once(statement: string): Iterable<SqlRow>;
  /** Several statements without parameters. */
  script(statements: string): void;
  /** All of `work`, or nothing when it throws. Takes the write lock at the start. */
  transaction<T>(work: () => T): T;
  close(): void;
}
