// The worker's state: the newest term and slot map that it has seen, its leader and its shard.
import { Connection } from './connection.ts';
import { primaryCode, sqlite } from './errors.ts';
import { Problem } from './problem.ts';
import type { Fence, WorkerState } from './requests.ts';

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
    if (f.term < this.#state.term) throw this.#staleTerm(f.term);
    if (f.map_version < this.#state.map_version) throw this.#staleMap(f.map_version);
  }

  /** Stores a fence that is newer than the state; one that is older in either part raises nothing. */
  raise(f: Fence): void {
    const s = this.#state;
    if (f.term < s.term || f.map_version < s.map_version || (f.term === s.term && f.map_version === s.map_version)) return;
    // The leader of a new term is not known before it claims the term.
    this.#store({ ...s, ...f, leader: f.term > s.term ? '' : s.leader });
  }

  /** Gives a term to a master; a term without a leader goes to the first that claims it. */
  update(up: WorkerState): void {
    const s = this.#state;
    if (up.term < s.term || (up.term === s.term && s.leader !== '' && up.leader !== s.leader)) throw this.#staleTerm(up.term);
    if (up.map_version < s.map_version) throw this.#staleMap(up.map_version);
    if (s.shard !== '' && up.shard !== s.shard) {
      throw new Problem('wrong_shard', `this worker holds shard ${s.shard}, not ${up.shard}`, {
        hint: 'list the workers in their original order, or give the worker an empty data directory',
      });
    }
    if (up.term !== s.term || up.map_version !== s.map_version || up.leader !== s.leader || up.shard !== s.shard) this.#store(up);
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
    this.#conn.get(
      'UPDATE state SET term = ?, map_version = ?, leader = ?, shard = ?',
      BigInt.asIntN(64, next.term), BigInt.asIntN(64, next.map_version), next.leader, next.shard,
    );
    this.#state = next;
  }

  #staleTerm(term: bigint): Problem {
    return new Problem('stale_term', `term ${term} is outdated: this worker has seen term ${this.#state.term}`, this.#newest('use the current primary; this master must step down'));
  }

  #staleMap(version: bigint): Problem {
    return new Problem('stale_map', `slot map version ${version} is outdated: this worker has seen version ${this.#state.map_version}`, this.#newest('load the current slot map and route again'));
  }

  #newest(hint: string) {
    const { term, map_version, leader } = this.#state;
    return { hint, term, map_version, ...(leader && { primary: leader }) };
  }
}
