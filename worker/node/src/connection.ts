// A connection to a database file with the extension loaded, and its prepared statements.
import { DatabaseSync, constants, type StatementSync } from 'node:sqlite';
import { notOneStatement, primaryCode, sqlite } from './errors.ts';
import { Problem } from './problem.ts';

/** A value in the form in which SQLite stores it. Every integer is a bigint. */
export type SQLValue = null | bigint | number | string | Uint8Array;

/** A row as an array: all connections return rows so. */
export type SQLRow = SQLValue[];

/** A prepared statement of a request. */
export interface Prepared {
  statement: StatementSync;
  columns: number;
  changes: boolean;
}

const cachedStatements = 128;
const busyTimeout = 10_000; // milliseconds; the writer alone writes, so waits come from recovery and checkpoints
/** The size in bytes to which a log is cut after it was larger. */
export const logLimit = 64 << 20;
const maxLength = 64 << 20; // of a row or value, in bytes

const { SQLITE_OK, SQLITE_DENY } = constants;
const forbidden = new Set([
  constants.SQLITE_ATTACH, constants.SQLITE_DETACH, constants.SQLITE_PRAGMA,
  constants.SQLITE_TRANSACTION, constants.SQLITE_SAVEPOINT,
]);
const writes = new Set([
  constants.SQLITE_INSERT, constants.SQLITE_UPDATE, constants.SQLITE_DELETE,
  constants.SQLITE_CREATE_TABLE, constants.SQLITE_DROP_TABLE, constants.SQLITE_CREATE_INDEX,
]);
/** Functions of the extension that are not for requests. */
const ownFunctions = new Set(['sd_handle', 'sd_interrupt', 'sd_keep_log', 'sd_pack', 'sd_packed', 'sd_take']);
/** The first argument is the database or the index, the second the table. */
const alters = new Set([constants.SQLITE_ALTER_TABLE, constants.SQLITE_CREATE_INDEX, constants.SQLITE_DROP_INDEX]);
const ofTables = new Set([...writes, constants.SQLITE_READ].filter((op) => op !== constants.SQLITE_CREATE_INDEX));

export class Connection {
  readonly db: DatabaseSync;
  readonly #cache = new Map<string, unknown>(); // least recently used first
  // Only while a request's text is prepared: SQLite also asks when it compiles the worker's own
  // statements again after a change of the schema.
  #guarded = false;
  #changes = false;
  #altering = false; // SQLite may change the definition of a table
  #alterations = 0;

  constructor(path: string, extension: string, timeout = busyTimeout) {
    this.db = new DatabaseSync(path, {
      allowExtension: true, defensive: true, enableDoubleQuotedStringLiterals: false, timeout,
      readBigInts: true, returnArrays: true, limits: { length: maxLength },
    });
    try {
      this.db.loadExtension(extension);
    } catch (err) {
      this.db.close();
      throw new Error(`the SQLite extension ${extension} (WORKER_SQLITE_EXTENSION) cannot be loaded; build it with make sqliteext: ${(err as Error).message}`);
    }
    this.db.enableLoadExtension(false);
    this.db.setAuthorizer((op, first, second) => this.#authorize(op, first, second));
  }

  /** Opens a file of rows with the settings that all of its connections have. */
  static open(path: string, extension: string, cacheKiB: number, extra: string[] = []): Connection {
    const c = new Connection(path, extension);
    const mode = c.get('PRAGMA journal_mode = WAL')?.[0];
    if (mode !== 'wal') throw new Error(`the file system only supports journal mode ${String(mode)}, not WAL`);
    for (const setting of [
      `cache_size = -${cacheKiB}`, 'synchronous = FULL', 'foreign_keys = ON', 'trusted_schema = OFF',
      'temp_store = MEMORY', 'wal_autocheckpoint = 2048', `journal_size_limit = ${logLimit}`, ...extra,
    ]) c.db.exec(`PRAGMA ${setting}`);
    return c;
  }

  /** Opens a file to see whether it is readable: nothing of it is in a cache. */
  static probe<T>(path: string, look: (conn: Pick<Connection, 'get'>) => T): T {
    const db = new DatabaseSync(path, { readOnly: true, readBigInts: true, returnArrays: true });
    try {
      return look({ get: (sql, ...values) => db.prepare(sql).get(...values) as SQLRow | undefined });
    } finally {
      db.close();
    }
  }

  /** The first row of one of the worker's own statements. */
  get(sql: string, ...values: SQLValue[]): SQLRow | undefined {
    return this.db.prepare(sql).get(...values) as SQLRow | undefined;
  }

  all(sql: string): SQLRow[] {
    return this.db.prepare(sql).all() as unknown as SQLRow[];
  }

  /** What make returns for the key, from the cache if it is there. */
  cached<T>(key: string, make: () => T): T {
    const found = this.#cache.get(key);
    const value = found ?? make();
    if (found !== undefined) this.#cache.delete(key);
    this.#cache.set(key, value);
    if (this.#cache.size > cachedStatements) {
      // node:sqlite finalizes a statement once it is collected, at the latest with the connection.
      const [oldest] = this.#cache.keys();
      if (oldest !== undefined) this.#cache.delete(oldest);
    }
    return value as T;
  }

  /** Prepares a request's text, which must be one statement that keeps within its tables. */
  prepare(sql: string): Prepared {
    if (sql.includes('\0')) throw notOneStatement();
    this.#guarded = true;
    this.#changes = false;
    try {
      const statement = this.db.prepare(sql);
      // node:sqlite ignores what follows the first statement.
      if (/[^; \t\r\n]/.test(sql.slice(statement.sourceSQL.length))) throw notOneStatement();
      return { statement, columns: statement.columns().length, changes: this.#changes };
    } finally {
      this.#guarded = false;
    }
  }

  /** Runs a request's ALTER TABLE, CREATE INDEX or DROP INDEX. */
  alter(sql: string): void {
    const before = this.#alterations;
    this.#altering = true;
    let p: Prepared;
    try {
      p = this.prepare(sql);
    } finally {
      this.#altering = false;
    }
    if (this.#alterations === before) throw new Problem('invalid_field', 'the statement changes nothing');
    p.statement.run();
  }

  close(): void {
    this.#cache.clear();
    if (this.db.isOpen) this.db.close();
  }

  #authorize(op: number, first: string | null, second: string | null): number {
    if (!this.#guarded) return SQLITE_OK;
    this.#changes ||= writes.has(op);
    if (alters.has(op)) {
      this.#alterations++;
      return second?.startsWith('_') || (op === constants.SQLITE_ALTER_TABLE && !this.#altering) ? SQLITE_DENY : SQLITE_OK;
    }
    // SQLite changes tables of its own on the way.
    if (this.#altering && writes.has(op) && !first?.startsWith('sqlite_')) return SQLITE_DENY;
    if (op === constants.SQLITE_FUNCTION) return second !== null && ownFunctions.has(second.toLowerCase()) ? SQLITE_DENY : SQLITE_OK;
    return forbidden.has(op) || (ofTables.has(op) && first?.startsWith('_')) ? SQLITE_DENY : SQLITE_OK;
  }
}

/**
 * Prepares the statement to take values for @p1 to @pn, and refuses one that uses others:
 * node:sqlite would leave them NULL.
 */
export function expectParameters(sql: string, statement: StatementSync, n: number): void {
  for (const name of new Set(sql.match(/[@:$#]\w+|\?\d+/g))) {
    const number = /^@p([1-9]\d{0,3})$/.exec(name)?.[1];
    if (number !== undefined && Number(number) <= n) continue;
    // The text may occur in a string or a comment. Only the statement knows its parameters, and
    // node:sqlite names the first unknown one when it binds, without running the statement.
    statement.setAllowUnknownNamedParameters(false);
    try {
      statement.get({ [name]: null, '@unknown': null });
    } catch (err) {
      if (!(err instanceof Error) || err.message.includes(`'${name}'`)) continue;
      if (!/^@p[1-9]/.test(name)) throw badParameter();
      throw new Problem('invalid_field', `the statement uses ${name}, but its parameters are @p1 to @p${n}, one for each type`, { field: 'types' });
    }
  }
  statement.setAllowUnknownNamedParameters(true);
  if (sql.includes('?')) refuseUnnamed(statement);
}

/** Refuses a statement with a parameter that has no name, in the same way: by values that cannot all be bound. */
function refuseUnnamed(statement: StatementSync): void {
  try {
    statement.get(null, Symbol('not a value') as never);
  } catch (err) {
    if (primaryCode(err) === sqlite.range) return; // there is none even for the first value
    throw badParameter();
  }
}

const badParameter = () => new Problem('syntax_error', 'SQLite cannot run the statement: parameters are named @p1, @p2, ...');

const names: string[] = [];

/** Values as node:sqlite binds them to @p1, @p2, ... */
export function named(values: SQLValue[]): Record<string, SQLValue> {
  const out: Record<string, SQLValue> = {};
  for (let i = 0; i < values.length; i++) out[(names[i] ??= `@p${i + 1}`)] = values[i] ?? null;
  return out;
}

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const quoteText = (value: string): string => `'${value.replaceAll("'", "''")}'`;
