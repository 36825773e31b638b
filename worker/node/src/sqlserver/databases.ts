// The worker's databases on the server: their records, creation, removal, and recovery after a
// crash. CREATE DATABASE and DROP DATABASE cannot be part of a transaction, so a record states the
// intention beforehand: whoever finds it can finish or undo what was interrupted.
import { Problem, unknownDatabase } from '../problem.ts';
import type { DBRequest } from '../requests.ts';
import { Database } from './database.ts';
import { Failure } from './functions.ts';
import { Gate, pause } from './gate.ts';
import type { Pool } from './pool.ts';
import type { Server } from './server.ts';
import type { StateStore } from './state-store.ts';

export const dropTimeout = 5000; // for queries to end, and again for the server to drop the database
const lockWait = 30_000; // for another worker to release the records
const createRetry = 100;
const dropRetry = 50;
const schemaTries = 3;
const modelInUse = 1807; // another database is being created
const forever = new AbortController().signal;

/** The worker's own database. */
export const ownDatabase = (suffix: string) => `_shardeck_${suffix}`;

interface Record {
  name: string;
  physical: string;
  state: string;
}

export class Databases {
  readonly #server: Server;
  readonly #own: Pool; // of the worker's own database
  readonly #store: StateStore;
  readonly #known = new Map<string, Database>(); // by logical name in lower case
  readonly #ddl = new Gate();
  #collation = '';

  constructor(server: Server, own: Pool, store: StateStore) {
    this.#server = server;
    this.#own = own;
    this.#store = store;
  }

  /** Prepares the server: the worker's own database and tables. Returns the server's version. */
  async prepare(): Promise<string> {
    const master = this.#server.pool();
    try {
      const { rows } = await this.#server.run(master, forever, 'server_version');
      await this.#chooseCollation(master);
      await this.#createOwn(master);
      await this.createTables(this.#own, 'own_tables');
      await this.#server.run(this.#own, forever, 'first_state').catch((err: unknown) => {
        if (!(err instanceof Failure && err.code === 'duplicate_key')) throw err; // of two workers, one stores it
      });
      await this.#recover();
      return String(rows[0]?.[0]).trim().split('\n')[0]?.trim() ?? '';
    } finally {
      master.close();
    }
  }

  /** The database; an unknown one is looked up, as another process may have created it. */
  async find(name: string, signal: AbortSignal): Promise<Database> {
    const known = this.#known.get(name.toLowerCase());
    if (known) return known;
    const r = await this.#record(name, signal);
    if (r?.state !== 'ready') throw unknownDatabase(name);
    return this.#adopt(r);
  }

  /** The error of a request, or that its database was dropped meanwhile, by this process or another. */
  async lookUp(db: Database, err: unknown): Promise<unknown> {
    if (!(err instanceof Failure && err.gone)) return err;
    let r: Record | undefined;
    try {
      r = await this.#record(db.name, forever);
    } catch {
      return err;
    }
    if (r?.state === 'ready' && r.physical === db.physical) return err;
    await this.#forget(db, 0);
    return unknownDatabase(db.name);
  }

  /** The records of the complete databases. */
  async list(): Promise<Record[]> {
    const all = await this.#records();
    return all.filter((r) => r.state === 'ready').sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  create({ db: name, fence }: DBRequest, signal: AbortSignal): Promise<string> {
    const r = { name, physical: name + this.#server.suffix, state: 'creating' };
    return this.#ddl.exclusive(() => this.#store.under(fence, signal, () => this.#locked(signal, async () => {
      const old = await this.#record(name, signal);
      if (old?.state === 'ready') {
        throw new Problem('database_exists', `database ${name} already exists`, { field: 'db_name', hint: 'choose another name, or drop it first' });
      }
      if (old) await this.#discard(old, signal);
      if (await this.#exists(r.physical, signal)) throw foreignDatabase(r.physical);
      await this.#run('add_record', r, signal);
      try {
        await this.#createPhysical(r.physical, signal);
      } catch (err) {
        await this.#discard(r, AbortSignal.timeout(dropTimeout)).catch((e: unknown) => {
          this.#server.logger.warn('a partially created database is removed at the next start', { database: r.physical, error: e });
        });
        throw err;
      }
      await this.#setRecord(name, 'ready');
      return this.#adopt(r).physical;
    })));
  }

  drop({ db: name, fence }: DBRequest, signal: AbortSignal): Promise<string> {
    return this.#ddl.exclusive(async () => {
      const db = await this.find(name, signal);
      return this.#store.under(fence, signal, () => this.#locked(signal, async () => {
        const r = await this.#record(db.name, signal);
        if (r?.state !== 'ready') {
          await this.#forget(db, 0);
          throw unknownDatabase(db.name);
        }
        r.state = 'dropping';
        await this.#setRecord(r.name, r.state);
        await this.#forget(db, dropTimeout);
        await this.#discard(r, AbortSignal.timeout(dropTimeout)).catch((err: unknown) => {
          // For every caller it is gone; only its files still exist.
          this.#server.logger.warn('a dropped database is removed when its name is next used, or at the next start', { database: r.physical, error: err });
        });
        return db.physical;
      }));
    });
  }

  /** Waits for a creation or drop in progress, and ends the work on all databases. */
  close(reason: Problem): Promise<void> {
    return this.#ddl.exclusive(async () => {
      await Promise.all([...this.#known.values()].map((db) => db.close(dropTimeout, reason)));
    });
  }

  async #createOwn(on: Pool): Promise<void> {
    const physical = ownDatabase(this.#server.suffix);
    if (await this.#exists(physical, forever, on)) return;
    try {
      await this.#create(on, 'create_own', { suffix: this.#server.suffix }, forever);
    } catch (err) {
      if (await this.#exists(physical, forever, on).catch(() => false)) return; // another worker was faster
      throw err;
    }
  }

  async #recover(): Promise<void> {
    await this.#locked(forever, async () => {
      for (const r of await this.#records()) {
        if (r.state === 'ready') {
          this.#adopt(r);
          continue;
        }
        await this.#discard(r, AbortSignal.timeout(dropTimeout)).catch((err: unknown) => {
          // It is hidden from every caller, and removed when its name is next used.
          this.#server.logger.warn('a database with a pending drop still exists', { database: r.physical, error: err });
        });
      }
    });
  }

  /** Drops what exists of a database that is being created or dropped, and deletes its record. */
  async #discard(r: Record, signal: AbortSignal): Promise<void> {
    let exists = await this.#exists(r.physical, signal);
    if (exists && r.state === 'creating') {
      // One that somebody else created between our check and our CREATE is not ours to drop.
      exists = Number((await this.#run('foreign_tables', { physical: r.physical }, signal))[0]?.[0]) === 0;
    }
    while (exists) {
      try {
        await this.#run('drop_database_now', { physical: r.physical }, signal).catch(() => this.#run('drop_database', { physical: r.physical }, signal));
        break;
      } catch (err) {
        exists = await this.#exists(r.physical, signal).catch(() => true);
        if (exists) {
          await pause(dropRetry, signal).catch(() => {
            throw err;
          });
        }
      }
    }
    await this.#run('delete_record', { name: r.name }, forever);
  }

  async #createPhysical(physical: string, signal: AbortSignal): Promise<void> {
    await this.#create(this.#own, 'create_database', { physical, ...(this.#collation && { collation: this.#collation }) }, signal).catch((err: unknown) => {
      throw err instanceof Failure && err.code === 'database_exists' ? foreignDatabase(physical) : err;
    });
    // Readers must not wait for writers. Babelfish, where they never do, does not support the option.
    await this.#run('snapshot', { physical }, forever).catch((err: unknown) => {
      this.#server.logger.warn('the isolation level could not be changed; readers may wait for writers', { database: physical, error: String(err) });
    });
    // An upgraded server may create databases with an older compatibility level.
    await this.#run('compatibility', { physical }, forever).catch((err: unknown) => {
      this.#server.logger.log('debug', 'the compatibility level could not be changed', { database: physical, error: String(err) });
    });
    const pool = this.#server.pool(physical);
    try {
      await this.createTables(pool, 'database_tables');
    } finally {
      pool.close();
    }
  }

  /** Creates a database. A server creates one at a time and refuses others meanwhile. */
  async #create(on: Pool, statement: string, subject: object, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#server.run(on, signal, statement, subject);
        return;
      } catch (err) {
        if (!(err instanceof Failure && err.number === modelInUse)) throw err;
        await pause(createRetry, signal);
      }
    }
  }

  async createTables(on: Pool, statement: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#server.run(on, forever, statement);
        return;
      } catch (err) {
        // Another worker may have created one of them first.
        if (!(err instanceof Failure && err.code === 'table_exists' && tries < schemaTries)) throw err;
      }
    }
  }

  async #chooseCollation(on: Pool): Promise<void> {
    const preferred = 'Latin1_General_100_CI_AS_KS_WS_SC_UTF8';
    const given = this.#server.config.collation;
    const { rows } = await this.#server.run(on, forever, 'has_collation', { collation: given || preferred });
    if (Number(rows[0]?.[0]) > 0) {
      this.#collation = given || preferred;
      return;
    }
    if (given) throw new Error(`the server has no collation ${given}: choose one that SELECT name FROM sys.fn_helpcollations() lists`);
    this.#server.logger.warn("the server lacks the preferred collation; databases use the server's own, and VARCHAR may not support all characters", { missing: preferred });
  }

  /** Keeps other processes from changing the records. The lock is the session's, so that it does not outlive this process. */
  #locked<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#own.run(signal, async (session) => {
      try {
        const { rows } = await this.#server.runOn(session, 'lock_records', { wait_ms: lockWait });
        if (!(Number(rows[0]?.[0]) >= 0)) {
          throw new Problem('overloaded', 'another worker is creating or dropping a database', { hint: 'send the request again' });
        }
        return await work();
      } finally {
        session.close();
      }
    });
  }

  async #run(statement: string, subject: object, signal: AbortSignal): Promise<unknown[][]> {
    return (await this.#server.run(this.#own, signal, statement, subject)).rows;
  }

  /** Makes a creation or drop durable. */
  async #setRecord(name: string, state: string): Promise<void> {
    await this.#server.run(this.#own, forever, 'set_record', { name, state }, 'write');
  }

  async #exists(physical: string, signal: AbortSignal, on = this.#own): Promise<boolean> {
    const { rows: [row] } = await this.#server.run(on, signal, 'database_id', { physical });
    return row?.[0] !== null && row?.[0] !== undefined;
  }

  async #record(name: string, signal: AbortSignal): Promise<Record | undefined> {
    const [row] = await this.#run('record', { name }, signal);
    return row && toRecord(row);
  }

  async #records(): Promise<Record[]> {
    return (await this.#run('records', {}, forever)).map(toRecord);
  }

  #adopt(r: Record): Database {
    const key = r.name.toLowerCase();
    const db = this.#known.get(key) ?? new Database(r.name, r.physical, this.#server.pool(r.physical));
    this.#known.set(key, db);
    return db;
  }

  async #forget(db: Database, wait: number): Promise<void> {
    const key = db.name.toLowerCase();
    if (this.#known.get(key) === db) this.#known.delete(key);
    await db.close(wait, unknownDatabase(db.name));
  }
}

const toRecord = ([name, physical, state]: unknown[]): Record => ({ name: String(name), physical: String(physical), state: String(state) });

const foreignDatabase = (physical: string) =>
  new Problem('database_exists', `the server has a database ${physical} that this worker did not create`, {
    field: 'db_name', hint: 'choose another name, or give the worker a suffix of its own',
  });
