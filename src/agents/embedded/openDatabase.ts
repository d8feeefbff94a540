import Libsql from "libsql";
import type { SqlDatabase, SqlParameter, SqlRow, SqlValue } from "./SqlDatabase.js";

/** The part of a prepared statement that is used here; the library's own types leave rows unknown. */
interface Statement {
  readonly reader: boolean;
  raw(): Statement;
  columns(): readonly { readonly name: string }[];
  run(parameters: readonly SqlParameter[]): { readonly changes: number };
  iterate(parameters: readonly SqlParameter[]): Iterable<readonly unknown[]>;
}

interface Connection {
  readonly inTransaction: boolean;
  prepare(statement: string): Statement;
  exec(statements: string): void;
  close(): void;
}

/** Prepared statements kept at most; the store has fewer texts of its own, imports make more. */
const MAX_KEPT_STATEMENTS = 200;

/**
 * Opens or makes a database file. Readers and one writer work side by side (WAL), also from several processes;
 * a process that is killed leaves a consistent file.
 * @param busyTimeout Milliseconds to wait for another process's lock.
 * @throws Error with SQLite's message when the file can't be opened.
 */
export function openDatabase(path: string, busyTimeout: number): SqlDatabase {
  const connection = connect(path, busyTimeout);
  const kept = new Map<string, Statement>();

  const prepared = (statement: string): Statement => {
    const known = kept.get(statement);
    if (known !== undefined) return known;
    const made = prepare(connection, statement);
    if (kept.size >= MAX_KEPT_STATEMENTS) kept.clear();
    kept.set(statement, made);
    return made;
  };

  const database: SqlDatabase = {
    all: (statement, ...parameters) => [...rows(prepared(statement), parameters)],
    run: (statement, ...parameters) => prepared(statement).run(parameters).changes,
    once: (text) => {
      const statement = prepare(connection, text);
      if (statement.reader) return rows(statement, []);
      statement.run([]);
      return [];
    },
    script: (statements) => connection.exec(statements),
    transaction: (work) => {
      connection.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        connection.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite itself ends the transaction after some errors (a full disk, say).
        if (connection.inTransaction) connection.exec("ROLLBACK");
        throw error;
      }
    },
    close: () => {
      kept.clear();
      connection.close();
    },
  };
  try {
    database.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  } catch (error) {
    connection.close();
    throw error;
  }
  return database;
}

function connect(path: string, busyTimeout: number): Connection {
  try {
    return new Libsql(path, { timeout: busyTimeout }) as unknown as Connection;
  } catch (cause) {
    // The library's own text is a Rust value; what it tells is SQLite's number at its end.
    const number = /: (\d+)"?\)?$/.exec((cause as Error).message)?.[1];
    throw new Error(`SQLite can't open the file${number === undefined ? "" : ` (SQLite error ${number})`}`, { cause });
  }
}

/** Rows as arrays with the names beside them: as objects the library adds a member of its own. */
function prepare(connection: Connection, text: string): Statement {
  const statement = connection.prepare(text);
  return statement.reader ? statement.raw() : statement;
}

function* rows(statement: Statement, parameters: readonly SqlParameter[]): Generator<SqlRow> {
  const names = statement.columns().map((column) => column.name);
  for (const values of statement.iterate(parameters)) {
    yield Object.fromEntries(names.map((name, index) => [name, sqlValue(values[index])]));
  }
}

function sqlValue(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("utf8");
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8");
  return JSON.stringify(value);
}
