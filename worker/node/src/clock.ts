// Two clocks, and the running time of a database: how long workers have had it open, by their
// monotonic clocks. It is stored in the file along with other writes, at most once a minute: what
// is not stored when a worker is killed only makes idempotency records live longer.
import type { Connection } from './connection.ts';

const saveEvery = 60_000;

/** Both in milliseconds. */
export interface Clocks {
  /** The time of day, which may be set at any time. */
  now(): number;
  /** A clock that nobody sets. */
  running(): number;
}

export const clocks: Clocks = { now: () => Date.now(), running: () => Math.floor(performance.now()) };

export class RunningTime {
  readonly #conn: Connection;
  readonly #clocks: Clocks;
  readonly #base: number;
  readonly #opened: number;
  #saved: number;

  constructor(conn: Connection, clocks: Clocks) {
    addColumns(conn);
    this.#conn = conn;
    this.#clocks = clocks;
    this.#base = Number(conn.get('SELECT ran FROM _sd_database WHERE id = 1')?.[0]);
    this.#opened = clocks.running();
    this.#saved = this.#base;
  }

  get(): number {
    return this.#base + this.#clocks.running() - this.#opened;
  }

  get isDue(): boolean {
    return this.get() >= this.#saved + saveEvery;
  }

  /** Stores it. If that is rolled back, it is stored a minute later. */
  save(): void {
    this.#saved = Math.max(this.get(), this.#saved + 1); // SQLite does not write what is unchanged
    this.#conn.get('UPDATE _sd_database SET ran = ?', BigInt(this.#saved));
  }
}

/**
 * Adds what files of earlier versions lack, which can still use the file. Records that have no
 * running time expire as if they were made now.
 */
function addColumns(conn: Connection): void {
  if (conn.all("SELECT name FROM pragma_table_info('_sd_database')").some(([name]) => name === 'ran')) return;
  conn.db.exec('BEGIN IMMEDIATE');
  for (const table of ['_sd_database', '_sd_idempotency']) conn.db.exec(`ALTER TABLE ${table} ADD COLUMN ran INTEGER NOT NULL DEFAULT 0`);
  conn.db.exec('COMMIT');
}
