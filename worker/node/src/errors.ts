// What SQLite reports, as problems.
import { Problem, type Code, type Details } from './problem.ts';
import { storageFailed, type Kind, type Store } from './storage.ts';

/** SQLite's result codes that are distinguished. */
export const sqlite = { error: 1, busy: 5, noMem: 7, interrupt: 9, ioErr: 10, readOnly: 8, corrupt: 11, full: 13, cantOpen: 14, notADB: 26, tooBig: 18, constraint: 19, auth: 23, range: 25 } as const;
const extended = { check: 275, notNull: 1299, primaryKey: 1555, unique: 2067, rowID: 2579, dataType: 3091 } as const;

const ioErr = { read: 266, shortRead: 522, noMem: 3082 } as const;

/** The codes of SQL Server's error numbers that a CHECK constraint can be named for. */
const numberCodes: Record<number, Code> = {
  2601: 'duplicate_key', 2627: 'duplicate_key', 515: 'null_violation', 2628: 'value_too_long', 8152: 'value_too_long',
  8115: 'out_of_range', 220: 'out_of_range', 232: 'out_of_range', 241: 'conversion_failed', 245: 'conversion_failed',
  8114: 'conversion_failed', 8169: 'conversion_failed', 8134: 'divide_by_zero', 537: 'out_of_range',
  1946: 'value_too_long', 511: 'value_too_long',
};

/** The codes of the reasons for which the extension's functions refuse a value. */
const reasonCodes: Record<string, Code> = {
  'too long': 'value_too_long', 'out of range': 'out_of_range', 'conversion failed': 'conversion_failed',
  'divide by zero': 'divide_by_zero', 'invalid argument': 'invalid_field', unsupported: 'unsupported', 'too complex': 'too_complex',
};

/** SQLite's extended result code of an error of node:sqlite; 0 for any other error. */
export function resultCode(err: unknown): number {
  return err instanceof Error && 'errcode' in err && typeof err.errcode === 'number' ? err.errcode : 0;
}

export const primaryCode = (err: unknown): number => resultCode(err) & 0xff;

export function isDuplicate(err: unknown): boolean {
  const code = resultCode(err);
  return code === extended.primaryKey || code === extended.unique || code === extended.rowID;
}

/** The problem for an error of a statement; an error that is not a refusal is returned unchanged. */
export function statementProblem(err: unknown): unknown {
  if (err instanceof Problem || !(err instanceof Error)) return err;
  const refused = refusal(err.message);
  if (refused) return refused;
  if ('code' in err && err.code === 'ERR_INVALID_ARG_VALUE') return notOneStatement();
  switch (primaryCode(err)) {
    case sqlite.constraint:
      return constraintProblem(resultCode(err), err.message) ?? err;
    case sqlite.tooBig:
      return new Problem('value_too_long', 'a row or value of the statement is too large', { hint: 'use shorter values' });
    case sqlite.auth:
      return outOfBounds();
    case sqlite.error:
    case sqlite.range:
      if (err.message.startsWith('not authorized to use function')) return outOfBounds();
      return new Problem('syntax_error', `SQLite cannot run the statement: ${err.message}`);
  }
  return err;
}

const outOfBounds = () =>
  new Problem('forbidden', 'the statement accesses more than its table', {
    hint: "transactions, PRAGMA, ATTACH and tables whose names begin with an underscore are the worker's own",
  });

export const notOneStatement = () => new Problem('syntax_error', 'SQLite cannot run the statement: the text is not exactly one statement');

/** The problem in the text of an error that one of the extension's functions raised. */
function refusal(message: string): Problem | undefined {
  if (!message.startsWith('shardeck: {')) return undefined;
  const e = JSON.parse(message.slice('shardeck: '.length)) as { sql_number: number; reason: string; detail: string; hint?: string };
  const code = reasonCodes[e.reason];
  if (!code) return undefined;
  return new Problem(code, e.detail, { ...(e.sql_number && { sql_number: e.sql_number }), ...(e.hint && { hint: e.hint }) });
}

/** SQLite names the failed constraint only in its message, as "UNIQUE constraint failed: t.a, t.b". */
function constraintProblem(code: number, message: string): Problem | undefined {
  const what = message.split('constraint failed: ')[1] ?? '';
  const numbered = (number: number, detail: string, details: Details = {}) =>
    new Problem(numberCodes[number] ?? 'out_of_range', detail, { sql_number: number, ...details });
  switch (code) {
    case extended.unique:
    case extended.primaryKey:
    case extended.rowID: {
      const columns = what.split(', ').map((c) => c.slice(c.indexOf('.') + 1));
      return numbered(2627, `another row already has this value of ${columns.join(', ')}`, {
        hint: 'choose another value, or update the existing row', ...(columns.length === 1 && { column: columns[0] ?? '' }),
      });
    }
    case extended.notNull: {
      const column = what.slice(what.indexOf('.') + 1);
      return numbered(515, `${column} cannot be NULL`, { column, hint: `send a value for ${column}` });
    }
    case extended.check: {
      const [, number, column] = /^ck_(\d+)_(.+)$/.exec(what) ?? [];
      if (!number || !column) return numbered(547, `the row conflicts with the constraint ${what}`);
      return numbered(Number(number), `the value of ${column} does not fit its type`, { column });
    }
    case extended.dataType:
      return numbered(8114, "a value does not have its column's type");
  }
  return undefined;
}

/** Whether a result code is of the storage. */
export function isStorage(code: number): boolean {
  return ([sqlite.ioErr, sqlite.cantOpen, sqlite.corrupt, sqlite.notADB, sqlite.full, sqlite.readOnly] as number[]).includes(code & 0xff);
}

/** Records what a result code of SQLite says about the storage. `kind` is what was being done. */
export function noteFailure(store: Store, kind: Kind, path: string, code: number, cause: unknown): void {
  switch (code & 0xff) {
    case sqlite.full:
      store.fail('write', 'full', path, cause);
      break;
    case sqlite.readOnly:
      store.fail('write', 'read_only', path, cause);
      break;
    case sqlite.corrupt:
    case sqlite.notADB:
      store.fail('content', 'damaged', path, cause);
      break;
    case sqlite.ioErr:
    case sqlite.cantOpen:
      if (code === ioErr.noMem) break;
      if (kind === 'read' || code === ioErr.read || code === ioErr.shortRead) store.fail('read', 'read_failed', path, cause);
      else store.fail('write', 'write_failed', path, cause);
      break;
  }
}

/** The problem for a failure of the storage, which has changed nothing. The caller logs it. */
export function storageProblem(err: unknown): unknown {
  switch (primaryCode(err)) {
    case sqlite.full:
      return new Problem('shard_unavailable', "the worker's disk is full", { hint: "free space on the worker's disk and send the request again" });
    case sqlite.busy:
    case sqlite.noMem:
      return new Problem('overloaded', 'the database is busy', { hint: 'send the request again' });
    case sqlite.readOnly:
      return new Problem('shard_unavailable', "the worker's file is read-only", { hint: "make the worker's data directory writable and send the request again" });
    case sqlite.corrupt:
    case sqlite.notADB:
      return storageFailed('damaged');
    case sqlite.ioErr:
    case sqlite.cantOpen:
      return new Problem('shard_unavailable', 'the worker cannot read or write its disk', { hint: "check the worker's log and its disk" });
  }
  return err;
}

/**
 * The problem for the requests of a failed COMMIT. A full disk is noticed before the frame that
 * commits is written, and a lock before anything is, so that nothing was committed. After any
 * other failure the frames may reappear at the next recovery, or the files are not those that are
 * found then.
 */
export function commitProblem(err: unknown): unknown {
  const code = primaryCode(err);
  if (code === sqlite.full || code === sqlite.busy) return storageProblem(err);
  return new Problem('outcome_unknown', 'the worker could not make the write durable; it may or may not have been applied', {
    hint: 'read the rows to see, or send the request again with the same Idempotency-Key',
  });
}
