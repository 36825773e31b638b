// A database as the writer has it: the only connection that writes, its statements and its tables.
import type { StatementSync } from 'node:sqlite';
import { loadCatalog, type Catalog } from './catalog.ts';
import { RunningTime, clocks, type Clocks } from './clock.ts';
import { Connection } from './connection.ts';
import { noteFailure, primaryCode, resultCode, sqlite } from './errors.ts';
import { fileOf, readName } from './files.ts';
import type { DatabaseInfo, ExecResponse } from './messages.ts';
import { OpenedFiles } from './opened-files.ts';
import { Problem, unknownDatabase } from './problem.ts';
import type { Health, Kind, Store } from './storage.ts';

const cacheKiB = 16 << 10;
const idempotencyTTL = 24 * 60 * 60 * 1000;
// Expired records are pruned along with other writes, a bounded number at a time.
const pruneRecords = 500;
const pruneEvery = 60_000;

const texts = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  savepoint: 'SAVEPOINT request',
  rollbackTo: 'ROLLBACK TO request',
  release: 'RELEASE request',
  checkpoint: 'PRAGMA wal_checkpoint(PASSIVE)',
  addTable: 'INSERT INTO _sd_tables (name, definition, rows) VALUES (?, ?, 0)',
  dropTable: 'DELETE FROM _sd_tables WHERE name = ?',
  setDefinition: 'UPDATE _sd_tables SET definition = ? WHERE name = ?',
  setRows: 'UPDATE _sd_tables SET rows = ? WHERE name = ?',
  findKey: 'SELECT hash, response, at, ran FROM _sd_idempotency WHERE key = ?',
  addKey: 'INSERT INTO _sd_idempotency (key, hash, response, at, ran) VALUES (?, ?, ?, ?, ?)',
  dropKey: 'DELETE FROM _sd_idempotency WHERE key = ?',
  oldest: `DELETE FROM _sd_idempotency WHERE seq IN (
    SELECT seq FROM (SELECT seq, at, ran FROM _sd_idempotency ORDER BY seq LIMIT ${pruneRecords})
    WHERE ran <= ? AND (at <= ? OR at > ?))`,
};

export class WriterDatabase {
  readonly info: DatabaseInfo;
  readonly conn: Connection;
  readonly own: Record<keyof typeof texts, StatementSync>;
  /** As committed. */
  catalog: Catalog;
  /** Dropped: nothing may begin. */
  gone = false;
  readonly path: string;
  readonly files: OpenedFiles;
  readonly store: Store;
  readonly running: RunningTime;
  readonly #health: Health;
  readonly #clocks: Clocks;
  readonly #generation: Int32Array;
  #nextPrune = 0;
  #synchronous = false;

  constructor(dir: string, physical: string, extension: string, health: Health, time: Clocks = clocks) {
    this.path = fileOf(dir, physical);
    this.#health = health;
    this.#clocks = time;
    this.conn = Connection.open(this.path, extension, cacheKiB);
    try {
      const generation = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      this.info = { name: readName(this.conn), physical, generation };
      this.#generation = new Int32Array(generation);
      this.running = new RunningTime(this.conn, time);
      this.catalog = loadCatalog(this.conn);
      this.files = OpenedFiles.ofDatabase(this.path);
      this.own = Object.fromEntries(
        Object.entries(texts).map(([name, sql]) => [name, this.conn.db.prepare(sql)]),
      ) as Record<keyof typeof texts, StatementSync>;
    } catch (err) {
      this.conn.close();
      throw err;
    }
    this.store = health.add(this.info.name);
  }

  /** The problem of requests, once nothing may begin. */
  refusal(): Problem | undefined {
    return this.gone ? unknownDatabase(this.info.name) : this.store.refusal;
  }

  /** Refuses everything from now on as for a database that does not exist. */
  forget(): void {
    this.gone = true;
    this.#health.remove(this.store);
  }

  close(): void {
    if (!this.gone) {
      try {
        this.files.checkPlace(this.store);
        if (this.running.isDue && !this.store.refusal) this.running.save();
      } catch (err) {
        // A log of that name is another database's, as when the directory was restored too early:
        // the last connection would delete it. And an unsaved running time does no harm.
        if (this.store.refusal || !primaryCode(err)) this.conn.get('SELECT sd_keep_log()');
      }
    }
    this.conn.close();
  }

  /** Checks that the files are in place and readable; after a failed write, tries again. */
  look(): void {
    if (this.refusal()) return;
    try {
      this.files.checkPlace(this.store);
    } catch {
      return; // it is recorded
    }
    this.#probeRead();
    if (this.store.isFailing('write')) this.#probeWrite();
  }

  #probeRead(): void {
    try {
      Connection.probe(this.path, readName);
      this.store.heal('read');
    } catch (err) {
      // What wraps an error of SQLite says what it means for the file.
      const code = resultCode(err) || resultCode((err as Error).cause);
      switch (code & 0xff) {
        case sqlite.busy:
        case sqlite.noMem:
          break; // which says nothing about the file
        case sqlite.ioErr:
        case sqlite.cantOpen:
          this.store.fail('read', 'read_failed', this.path, err);
          break;
        default: // nothing in a file whose beginning is damaged can be relied on
          this.store.shut('content', 'damaged', this.path, err);
      }
    }
  }

  /** Makes a small durable write, whose success ends the failure of writes. */
  #probeWrite(): void {
    try {
      this.own.begin.run();
      this.running.save();
      this.commit();
      this.files.checkPlace(this.store);
      this.store.heal('write');
    } catch (err) {
      this.noteFailure('write', err);
      if (this.conn.db.isTransaction) this.own.rollback.run();
    }
  }

  /** The problem of requests if the files are found not to be in place. */
  displaced(): Problem | undefined {
    try {
      this.files.checkPlace(this.store);
    } catch {
      return this.refusal();
    }
    return undefined;
  }

  noteFailure(kind: Kind, err: unknown): void {
    noteFailure(this.store, kind, this.path, resultCode(err), err);
  }

  commit(): void {
    this.own.commit.run();
    if (this.#synchronous) return;
    // Some builds of SQLite change the setting with the first write.
    const [mode] = this.conn.get('PRAGMA synchronous') ?? [];
    if (mode !== 2n) throw new Error(`synchronous is ${String(mode)} after a write, not 2 (FULL): commits are not durable`);
    this.#synchronous = true;
  }

  /**
   * Runs commit, which makes another catalog durable and current, such that no query that was
   * checked against one schema reads with the other.
   */
  changeSchema(commit: () => void): void {
    Atomics.add(this.#generation, 0, 1);
    try {
      commit();
    } finally {
      Atomics.add(this.#generation, 0, 1);
      Atomics.notify(this.#generation, 0);
    }
  }

  /** The stored response to a request with the same key, if there is one. */
  replay({ key, hash }: { key: string; hash: string }): ExecResponse | undefined {
    const found = this.own.findKey.get(key) as unknown as [string, string, bigint, bigint] | undefined;
    if (!found) return undefined;
    if (this.#isExpired(Number(found[2]), Number(found[3]))) {
      this.own.dropKey.run(key); // expired, and not pruned yet
      return undefined;
    }
    if (found[0] !== hash) {
      throw new Problem('idempotency_mismatch', 'this Idempotency-Key was used for a different request', { hint: 'use a new key for a new request' });
    }
    return { ...(JSON.parse(found[1]) as ExecResponse), replayed: true };
  }

  remember({ key, hash }: { key: string; hash: string }, response: ExecResponse): void {
    this.own.addKey.run(key, hash, JSON.stringify(response), BigInt(this.#clocks.now()), BigInt(this.running.get()));
  }

  /** Deletes some of the expired records, at most once a minute, or each time while there are more. */
  prune(): void {
    const [now, ran] = [this.#clocks.now(), this.running.get()];
    if (ran < this.#nextPrune) return;
    const { changes } = this.own.oldest.run(BigInt(ran - idempotencyTTL), BigInt(now - idempotencyTTL), BigInt(now));
    if (Number(changes) < pruneRecords) this.#nextPrune = ran + pruneEvery;
  }

  /**
   * Whether a record is old by the clock and by the running time. The clock may be set by any amount
   * at any time, and a repeated request must not run again because of that. A record from the
   * future shows that it was set back, so that only the running time counts.
   */
  #isExpired(at: number, ran: number): boolean {
    const now = this.#clocks.now();
    return ran <= this.running.get() - idempotencyTTL && (at <= now - idempotencyTTL || at > now);
  }
}
