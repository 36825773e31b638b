// The worker's state: the newest term and slot map that it has seen, its leader and its shard.
import { Connection } from './connection.ts';
import { primaryCode, sqlite } from './errors.ts';
import type { Fence, WorkerState } from './requests.ts';
import { checkFence, raised, updated } from './state.ts';

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
  'COMMIT',
];

/**
 * The state in memory and in its file, whose lock also makes the data directory exclusive to this
 * process. Only the writer thread uses it, and nothing happens between its check of a fence and
 * the end of the transaction: so once a new term is stored, none of an older one can commit.
 */
export class FenceStore {
  #state: WorkerState;
  readonly #conn: Connection;

  constructor(path: string, extension: string) {
    this.#conn = new Connection(path, extension, 0);
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
    const [term, map, leader, shard] = this.#conn.get('SELECT term, map_version, leader, shard FROM state') ?? [];
    this.#state = {
      // SQLite's integers have a sign.
      term: BigInt.asUintN(64, term as bigint), map_version: BigInt.asUintN(64, map as bigint),
      leader: leader as string, shard: shard as string,
    };
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
    this.#conn.get('INSERT OR IGNORE INTO discarded VALUES (?)', physical);
  }

  /** Deletes the record: the creation is complete, or the files are gone. */
  adopt(physical: string): void {
    this.#conn.get('DELETE FROM discarded WHERE physical = ?', physical);
  }

  discarded(): string[] {
    return this.#conn.all('SELECT physical FROM discarded').map(([name]) => String(name));
  }

  close(): void {
    this.#conn.close();
  }

  #store(next: WorkerState): void {
    if (next === this.#state) return;
    this.#conn.get(
      'UPDATE state SET term = ?, map_version = ?, leader = ?, shard = ?',
      BigInt.asIntN(64, next.term), BigInt.asIntN(64, next.map_version), next.leader, next.shard,
    );
    this.#state = next;
  }
}
