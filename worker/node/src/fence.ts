// The worker's state: the newest term and slot map that it has seen, its leader and its shard.
import path from 'node:path';
import { Connection, type SQLValue } from './connection.ts';
import { noteFailure, primaryCode, resultCode, sqlite } from './errors.ts';
import { OpenedFile, OpenedFiles } from './opened-files.ts';
import type { Fence, WorkerState } from './requests.ts';
import { checkFence, raised, updated } from './state.ts';
import { storageFailed, type Store } from './storage.ts';

const schema = [
  'PRAGMA locking_mode = EXCLUSIVE',
  'PRAGMA journal_mode = DELETE',
  'PRAGMA synchronous = FULL',
  'BEGIN EXCLUSIVE',
  `CREATE TABLE IF NOT EXISTS state (
    id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, map_version INTEGER NOT NULL,
    leader TEXT NOT NULL, shard TEXT NOT NULL)`,
  "INSERT OR IGNORE INTO state VALUES (1, 0, 0, '', '')",
  'CREATE TABLE IF NOT EXISTS discarded (physical TEXT PRIMARY KEY) WITHOUT ROWID',
  // Versions that do not know this table leave it alone.
  'CREATE TABLE IF NOT EXISTS directory (id INTEGER PRIMARY KEY CHECK (id = 1), suffix TEXT, probes INTEGER NOT NULL)',
  'INSERT OR IGNORE INTO directory VALUES (1, NULL, 0)',
  'COMMIT',
];

/**
 * The state in memory and in its file, whose lock also makes the data directory exclusive to this
 * process. Only the writer thread uses it, and nothing happens between its check of a fence and
 * the end of the transaction: so once a new term is stored, none of an older one can commit.
 */
export class FenceStore {
  #state: WorkerState;
  readonly store: Store;
  readonly #conn: Connection;
  readonly #path: string;
  readonly #files: OpenedFiles;

  constructor(file: string, extension: string, store: Store) {
    this.#path = file;
    this.store = store;
    this.#conn = new Connection(file, extension, 0);
    try {
      for (const sql of schema) this.#conn.db.exec(sql);
    } catch (err) {
      this.#conn.close();
      if (primaryCode(err) !== sqlite.busy) throw err;
      throw new Error(
        'it is in use by another worker (one process at a time can own a data directory; choose another one, or stop the other)',
        { cause: err },
      );
    }
    this.#files = new OpenedFiles(new OpenedFile(path.dirname(file)), new OpenedFile(file));
    const [term, map, leader, shard] = this.#conn.get('SELECT term, map_version, leader, shard FROM state') ?? [];
    this.#state = {
      // SQLite's integers have a sign.
      term: BigInt.asUintN(64, term as bigint), map_version: BigInt.asUintN(64, map as bigint),
      leader: leader as string, shard: shard as string,
    };
  }

  /** Checks that the file is in place; after a failed write, tries again. */
  look(): void {
    if (this.store.refusal) return;
    try {
      this.#files.checkPlace(this.store);
      this.store.heal('read');
      if (this.store.isFailing('write')) this.#run('UPDATE directory SET probes = probes + 1');
    } catch {
      // It is recorded.
    }
  }

  /**
   * Records the suffix of the directory's databases, and refuses another than recorded: their files
   * would be taken for those of other databases. `comply` refuses databases that lack the suffix; it
   * is called if none is recorded, as by an earlier version.
   */
  adoptSuffix(suffix: string, comply: () => void): void {
    const made = this.#conn.get('SELECT suffix FROM directory')?.[0];
    if (typeof made !== 'string') {
      comply();
      this.#run('UPDATE directory SET suffix = ?', suffix);
    } else if (made !== suffix) {
      throw new Error(`its databases were made with the suffix "${made}", not "${suffix}": set WORKER_DB_SUFFIX=${made}, or choose another data directory`);
    }
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Refuses a fence that is older than the state. */
  check(f: Fence): void {
    checkFence(this.#state, f);
  }

  /** Stores a fence that is newer than the state; one that is older in either part raises nothing. */
  raise(f: Fence): void {
    this.#store(raised(this.#state, f));
  }

  /** Gives a term to a master; a term without a leader goes to the first that claims it. */
  update(up: WorkerState): void {
    this.#store(updated(this.#state, up));
  }

  /**
   * Records that the files of a database are to be removed: it is being created, or has been
   * dropped. A name recorded at the start belongs to an interrupted creation or drop.
   */
  discard(physical: string): void {
    this.#run('INSERT OR IGNORE INTO discarded VALUES (?)', physical);
  }

  /** Deletes the record: the creation is complete, or the files are gone. */
  adopt(physical: string): void {
    this.#run('DELETE FROM discarded WHERE physical = ?', physical);
  }

  discarded(): string[] {
    return this.#conn.all('SELECT physical FROM discarded').map(([name]) => String(name));
  }

  close(): void {
    this.#conn.close();
  }

  /** Makes a change of the file durable. */
  #run(sql: string, ...values: SQLValue[]): void {
    this.#admit();
    try {
      this.#conn.get(sql, ...values);
    } catch (err) {
      this.#checkPlace(); // which may be the cause
      noteFailure(this.store, 'write', this.#path, resultCode(err), err);
      throw err;
    }
    this.#checkPlace();
    this.store.heal('write');
  }

  #checkPlace(): void {
    try {
      this.#files.checkPlace(this.store);
    } catch {
      this.#admit();
      throw storageFailed('read_failed');
    }
  }

  #admit(): void {
    if (this.store.refusal) throw this.store.refusal;
  }

  #store(next: WorkerState): void {
    if (next === this.#state) return;
    this.#run(
      'UPDATE state SET term = ?, map_version = ?, leader = ?, shard = ?',
      BigInt.asIntN(64, next.term), BigInt.asIntN(64, next.map_version), next.leader, next.shard,
    );
    this.#state = next;
  }
}
