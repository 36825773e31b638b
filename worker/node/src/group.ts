// A transaction and the requests that share it, and so its fsync (group commit). A request that
// fails undoes only its own work; all are answered after the commit.
import type { Connection } from './connection.ts';
import { expectParameters, named, type Prepared, type SQLValue } from './connection.ts';
import { expectTable, loadCatalog, newTable, type Catalog, type Table } from './catalog.ts';
import { located } from './decoder.ts';
import { commitProblem, isDuplicate, statementProblem, storageProblem } from './errors.ts';
import type { ExecMessage, ExecResponse } from './messages.ts';
import { Problem, notBegun } from './problem.ts';
import { rekey } from './rekey.ts';
import type { Statement } from './requests.ts';
import { storageFailed } from './storage.ts';
import type { WriterDatabase } from './writer-database.ts';

/** A write in the writer's hands. */
export interface Pending {
  message: ExecMessage;
  executions: number;
  ddl: boolean;
  response?: ExecResponse;
  error?: unknown;
}

/** SQLite has rolled back the transaction by itself, as it does if the disk is full or fails. */
class Lost extends Error {}

const lost = (cause: unknown) => new Lost('the transaction was rolled back', { cause });

/** What a group needs of the writer. */
export interface GroupHost {
  /** True if the request was still wanted. */
  begin(p: Pending): boolean;
  checkFence(p: Pending): void;
  answer(p: Pending): void;
  logError(message: string, err: unknown): void;
}

export class Group {
  readonly #db: WriterDatabase;
  readonly #host: GroupHost;
  #catalog: Catalog; // as this transaction sees it
  #dirty = false;
  readonly #rows = new Map<Table, number>(); // changes of row counts
  readonly #done: Pending[] = [];

  constructor(db: WriterDatabase, host: GroupHost) {
    this.#db = db;
    this.#host = host;
    this.#catalog = db.catalog;
  }

  /** Runs requests from the front of the batch in one transaction and returns their number. */
  run(batch: Pending[]): number {
    const refusal = this.#db.refusal();
    if (refusal) return this.#failAll(batch, refusal);
    try {
      this.#db.own.begin.run();
    } catch (err) {
      return this.#failAll(batch, this.#storage('begin', err));
    }
    for (const [i, p] of batch.entries()) {
      if (!this.#host.begin(p)) {
        this.#host.answer(p);
        continue;
      }
      try {
        if (p.error) throw p.error as Error;
        if (Date.now() > p.message.deadline) throw notBegun();
        p.response = this.#request(p);
      } catch (err) {
        p.error = err;
      }
      // Refusals too are answered after the commit: they may rest on changes of this transaction.
      this.#done.push(p);
      if (p.error instanceof Lost) {
        this.#abort(this.#storage('write', p.error.cause));
        return i + 1;
      }
    }
    this.#finish();
    return batch.length;
  }

  #failAll(batch: Pending[], err: unknown): number {
    for (const p of batch) {
      if (this.#host.begin(p)) p.error ??= err;
      this.#host.answer(p);
    }
    return batch.length;
  }

  #abort(err: unknown): void {
    this.#rollback();
    for (const p of this.#done) {
      p.error = err;
      this.#host.answer(p);
    }
  }

  #rollback(): void {
    if (!this.#db.conn.db.isTransaction) return;
    try {
      this.#db.own.rollback.run();
    } catch (err) {
      this.#host.logError('rollback failed', err);
    }
  }

  #finish(): void {
    const db = this.#db;
    if (!this.#dirty) {
      this.#rollback(); // its requests were replays and refusals
      try {
        db.files.checkPlace(db.store);
      } catch { // a replay acknowledges a write once more
        this.#abort(db.refusal() ?? storageFailed('read_failed'));
        return;
      }
      for (const p of this.#done) this.#host.answer(p);
      return;
    }
    try {
      for (const [t, n] of this.#rows) if (n !== 0) db.own.setRows.run(BigInt(t.rows + n), t.key);
      if (db.running.isDue) db.running.save();
      db.prune();
    } catch (err) {
      this.#abort(this.#storage('store row counts', err));
      return;
    }
    const commit = () => {
      db.commit();
      db.files.checkPlace(db.store); // what was made durable may be a file that nobody finds again
      for (const [t, n] of this.#rows) t.rows += n;
      db.catalog = this.#catalog;
    };
    try {
      if (this.#catalog === db.catalog) commit();
      else db.changeSchema(commit);
    } catch (err) {
      this.#host.logError('commit failed', err);
      db.noteFailure('write', err);
      this.#abort(commitProblem(err));
      // Memory must match what is now read from the file, whatever the outcome of the commit.
      this.#reload();
      return;
    }
    db.store.heal('write');
    for (const p of this.#done) this.#host.answer(p);
  }

  #reload(): void {
    const db = this.#db;
    try {
      const catalog = loadCatalog(db.conn);
      db.changeSchema(() => (db.catalog = catalog));
    } catch (err) {
      this.#host.logError('the catalog could not be read again', err);
    }
  }

  /** Runs one request inside the transaction: all or nothing. */
  #request(p: Pending): ExecResponse {
    const { own } = this.#db;
    const { idempotency } = p.message.request;
    this.#host.checkFence(p);
    if (idempotency) {
      const stored = this.#orLost(() => this.#db.replay(idempotency));
      if (stored) return stored;
    }
    // SQLite undoes a single failed execution itself, and undoing the first request is rolling
    // back the transaction: neither needs a savepoint.
    const savepoint = p.executions > 1 && this.#dirty;
    if (savepoint) this.#orLost(() => own.savepoint.run());
    const before = this.#catalog;
    const rows = new Map<Table, number>();
    let response: ExecResponse;
    try {
      response = this.#statements(p, rows);
    } catch (err) {
      this.#catalog = before;
      throw this.#undo(p, err, savepoint);
    }
    this.#orLost(() => {
      if (idempotency) this.#db.remember(idempotency, response);
      if (savepoint) own.release.run();
    });
    this.#dirty = true;
    for (const [t, n] of rows) this.#rows.set(t, (this.#rows.get(t) ?? 0) + n);
    return response;
  }

  /** Turns an error of the worker's own statements into the loss of the transaction. */
  #orLost<T>(run: () => T): T {
    try {
      return run();
    } catch (err) {
      throw err instanceof Problem ? err : lost(err);
    }
  }

  /** Undoes a failed request and returns its error. */
  #undo(p: Pending, cause: unknown, savepoint: boolean): unknown {
    const { conn, own } = this.#db;
    if (cause instanceof Lost) return cause;
    if (!conn.db.isTransaction) return lost(cause);
    try {
      if (savepoint) {
        own.rollbackTo.run();
        own.release.run();
      } else if (p.executions > 1 || p.ddl) {
        own.rollback.run();
        own.begin.run();
      }
    } catch (err) {
      return lost(err);
    }
    return cause instanceof Problem ? cause : this.#storage('write', cause);
  }

  #statements(p: Pending, rows: Map<Table, number>): ExecResponse {
    const affected = p.message.request.statements.map((st, i) => {
      let row = 0;
      try {
        if (st.effect === 'create_table') return this.#createTable(st);
        if (st.effect === 'drop_table') return this.#dropTable(st);
        if (st.effect === 'alter_table') return this.#alterTable(st);
        const t = expectTable(this.#catalog, st.table, st.schemaVersion);
        const run = prepareChange(this.#db.conn, st);
        let n = 0;
        for (const values of p.message.values?.[i] ?? []) {
          n += this.#change(st, t, () => run(values));
          row++;
        }
        if (st.effect === 'insert' || st.effect === 'delete') rows.set(t, (rows.get(t) ?? 0) + (st.effect === 'insert' ? n : -n));
        return st.effect === 'create_index' ? 0 : n;
      } catch (err) {
        const problem = statementProblem(err);
        throw problem instanceof Problem ? located(problem, st, i, row) : problem;
      }
    });
    return { rows_affected: affected };
  }

  /** One execution; an UPDATE that meets a duplicate is run again so that keys may move. */
  #change(st: Statement, t: Table, run: () => number): number {
    try {
      return run();
    } catch (err) {
      if (st.effect !== 'update' || !isDuplicate(err)) throw err;
      return rekey(this.#db.conn, t.definition.name, err, run, lost);
    }
  }

  #createTable(st: Statement): number {
    const existing = this.#catalog.get(st.table.toLowerCase());
    if (existing) {
      throw new Problem('table_exists', `table ${existing.definition.name} already exists`, {
        field: 'table', hint: 'choose another name, or drop it first',
      });
    }
    if (!st.definition) throw new Error('create_table without a definition');
    this.#db.conn.prepare(st.sql).statement.run();
    const t = newTable(st.definition);
    this.#db.own.addTable.run(t.key, JSON.stringify(t.definition));
    this.#catalog = new Map(this.#catalog).set(t.key, t);
    return 0;
  }

  /** Runs an ALTER TABLE ... ADD, CREATE INDEX or DROP INDEX and replaces the definition. */
  #alterTable(st: Statement): number {
    const old = expectTable(this.#catalog, st.table, st.schemaVersion);
    if (!st.definition) throw new Error('alter_table without a definition');
    this.#db.conn.alter(st.sql);
    const t = newTable(st.definition, old.rows);
    this.#db.own.setDefinition.run(JSON.stringify(t.definition), t.key);
    this.#catalog = new Map(this.#catalog).set(t.key, t);
    return 0;
  }

  #dropTable(st: Statement): number {
    const t = expectTable(this.#catalog, st.table, st.schemaVersion || undefined);
    this.#db.conn.prepare(st.sql).statement.run();
    this.#db.own.dropTable.run(t.key);
    this.#catalog = new Map(this.#catalog);
    this.#catalog.delete(t.key);
    return 0;
  }

  #storage(what: string, err: unknown): unknown {
    if (!(err instanceof Problem)) {
      this.#host.logError(`storage failure: ${what}`, err);
      const refusal = this.#db.displaced();
      if (refusal) return refusal;
      this.#db.noteFailure('write', err);
    }
    return storageProblem(err);
  }
}

/** Prepares a statement, which the returned function runs and returns the number of rows changed. */
function prepareChange(conn: Connection, st: Statement): (values: SQLValue[]) => number {
  const { statement, changes } = conn.cached<Prepared>(`${st.types.length}\0${st.sql}`, () => {
    const p = conn.prepare(st.sql);
    expectParameters(st.sql, p.statement, st.types.length);
    return p;
  });
  if (!changes) throw new Problem('invalid_field', 'the statement changes nothing');
  return (values) => Number(statement.run(named(values)).changes);
}
