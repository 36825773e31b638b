// A database as the writer has it: the only connection that writes, its statements and its tables.
import type { StatementSync } from 'node:sqlite';
import { loadCatalog, type Catalog } from './catalog.ts';
import { Connection } from './connection.ts';
import { fileOf, readName } from './files.ts';
import type { DatabaseInfo, ExecResponse } from './messages.ts';
import { Problem } from './problem.ts';

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
  setRows: 'UPDATE _sd_tables SET rows = ? WHERE name = ?',
  findKey: 'SELECT hash, response, at FROM _sd_idempotency WHERE key = ?',
  addKey: 'INSERT INTO _sd_idempotency (key, hash, response, at) VALUES (?, ?, ?, ?)',
  dropKey: 'DELETE FROM _sd_idempotency WHERE key = ?',
  oldest: `DELETE FROM _sd_idempotency WHERE seq IN (
    SELECT seq FROM (SELECT seq, at FROM _sd_idempotency ORDER BY seq LIMIT ${pruneRecords}) WHERE at <= ?)`,
};

export class WriterDatabase {
  readonly info: DatabaseInfo;
  readonly conn: Connection;
  readonly own: Record<keyof typeof texts, StatementSync>;
  /** As committed. */
  catalog: Catalog;
  /** Dropped: nothing may begin. */
  gone = false;
  readonly #generation: Int32Array;
  #nextPrune = 0;
  #synchronous = false;

  constructor(dir: string, physical: string, extension: string) {
    this.conn = Connection.open(fileOf(dir, physical), extension, cacheKiB);
    try {
      const generation = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      this.info = { name: readName(this.conn), physical, generation };
      this.#generation = new Int32Array(generation);
      this.catalog = loadCatalog(this.conn);
      this.own = Object.fromEntries(
        Object.entries(texts).map(([name, sql]) => [name, this.conn.db.prepare(sql)]),
      ) as Record<keyof typeof texts, StatementSync>;
    } catch (err) {
      this.conn.close();
      throw err;
    }
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
    const found = this.own.findKey.get(key) as unknown as [string, string, bigint] | undefined;
    if (!found) return undefined;
    if (Number(found[2]) <= Date.now() - idempotencyTTL) {
      this.own.dropKey.run(key); // expired, and not pruned yet
      return undefined;
    }
    if (found[0] !== hash) {
      throw new Problem('idempotency_mismatch', 'this Idempotency-Key was used for a different request', { hint: 'use a new key for a new request' });
    }
    return { ...(JSON.parse(found[1]) as ExecResponse), replayed: true };
  }

  remember({ key, hash }: { key: string; hash: string }, response: ExecResponse): void {
    this.own.addKey.run(key, hash, JSON.stringify(response), BigInt(Date.now()));
  }

  /** Deletes some of the expired records, at most once a minute, or each time while there are more. */
  prune(): void {
    const now = Date.now();
    if (now < this.#nextPrune) return;
    const { changes } = this.own.oldest.run(BigInt(now - idempotencyTTL));
    if (Number(changes) < pruneRecords) this.#nextPrune = now + pruneEvery;
  }
}
