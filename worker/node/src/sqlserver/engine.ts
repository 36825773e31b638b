// The engine over SQL Server. The worker is stateless: all that writes and queries depend on is
// checked by the server in the batch that does the work. Several processes may use the same
// databases, as when one replaces another; what they must agree on is decided by the server.
import type { DatabaseStats, Engine, Rows, Write } from '../engine.ts';
import type { Logger } from '../log.ts';
import { Problem, closed } from '../problem.ts';
import type { DBRequest, ExecRequest, Fence, QueryRequest, WorkerState } from '../requests.ts';
import type { StorageFailure } from '../storage.ts';
import type { TableDef } from '../table.ts';
import type { Database } from './database.ts';
import { Databases, ownDatabase } from './databases.ts';
import { Gate } from './gate.ts';
import { ServerHealth } from './health.ts';
import type { Pool } from './pool.ts';
import { Reading, type ReadHost } from './read.ts';
import { Server, type SQLServerConfig } from './server.ts';
import { StateStore } from './state-store.ts';
import { SQLServerWrite, responseTTL, type WriteHost } from './write.ts';

const ownConnections = 8; // at least: to create a database needs several at once
const statsTries = 3;
const pruneRecords = 500;
const pruneEvery = 60_000;
const forever = new AbortController().signal;

export class SQLServerEngine implements Engine, ReadHost, WriteHost {
  readonly name = 'sqlserver';
  readonly dialect = 'sqlserver/1';
  readonly server: Server;
  readonly gate = new Gate();
  readonly #own: Pool;
  readonly #store: StateStore;
  readonly #databases: Databases;
  #health: ServerHealth | undefined;
  #version = '';

  private constructor(server: Server) {
    this.server = server;
    this.#own = server.pool(ownDatabase(server.suffix), ownConnections);
    this.#store = new StateStore(server, this.#own, this.gate);
    this.#databases = new Databases(server, this.#own, this.#store);
  }

  /** Connects, creates what is missing, finishes interrupted drops and undoes interrupted creations. */
  static async open(config: SQLServerConfig, extension: string, suffix: string, logger: Logger): Promise<SQLServerEngine> {
    const e = new SQLServerEngine(new Server(config, extension, suffix, logger));
    try {
      e.#version = await e.#databases.prepare();
      await e.state();
      e.#health = await ServerHealth.start(e.server, e.#own, e.#databases);
    } catch (err) {
      const hint = err instanceof Problem && err.data.hint ? `: ${err.data.hint}` : '';
      throw new Error(`opening the databases on the server of WORKER_DSN: ${(err as Error).message}${hint}`, { cause: err });
    }
    return e;
  }

  get version(): string {
    return this.#version;
  }

  get failures(): StorageFailure[] {
    return this.#health?.failures ?? [];
  }

  ran(): number {
    return this.#health?.ran() ?? 0;
  }

  /**
   * Gives the idempotency records of an earlier version's database a running time, once. It comes
   * before the first keyed write rather than at the start, which it would slow down.
   */
  prepareKeys(db: Database): Promise<void> {
    db.keys ??= db.during(() => undefined, () => this.#databases.createTables(db.pool, 'database_tables')).catch((err: unknown) => {
      db.keys = undefined;
      throw err;
    });
    return db.keys;
  }

  get shard(): string {
    return this.#store.shard;
  }

  get closed(): boolean {
    return this.#store.closed;
  }

  state(): Promise<WorkerState> {
    return this.#store.read();
  }

  setState(update: WorkerState): Promise<WorkerState> {
    return this.#store.update(update);
  }

  raise(fence: Fence): Promise<void> {
    return this.#store.raise(fence);
  }

  createDB(request: DBRequest, signal: AbortSignal): Promise<string> {
    return this.#databases.create(request, signal);
  }

  dropDB(request: DBRequest, signal: AbortSignal): Promise<string> {
    return this.#databases.drop(request, signal);
  }

  async find(name: string, signal: AbortSignal): Promise<Database> {
    if (this.closed) throw closed();
    return this.#databases.find(name, signal);
  }

  lookUp(db: Database, err: unknown): Promise<unknown> {
    return this.#databases.lookUp(db, err);
  }

  exec(request: ExecRequest, body: string): Write {
    const write = new SQLServerWrite(this, request, body);
    const run = async () => {
      const response = await write.run();
      if (request.idempotency) void this.find(request.db, forever).then((db) => this.#prune(db), () => undefined);
      return response;
    };
    return { done: run(), cancel: () => write.cancel() };
  }

  query(request: QueryRequest, body: string): Rows {
    const reading = new Reading(this, request, body);
    void reading.run();
    return reading.query;
  }

  /** The databases with their row counts, which writes maintain. */
  async stats(): Promise<DatabaseStats[]> {
    // If another process drops a database between the two statements, the second one fails.
    for (let tries = 1; ; tries++) {
      try {
        return await this.#stats();
      } catch (err) {
        if (tries === statsTries || this.closed) throw err;
      }
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#health?.close();
    await this.gate.exclusive(async () => {
      this.#store.closed = true;
      return Promise.resolve();
    });
    await this.#databases.close(closed());
    this.#own.close();
    this.server.functions.close();
  }

  async #stats(): Promise<DatabaseStats[]> {
    const all: DatabaseStats[] = (await this.#databases.list()).map(({ name, physical }) => ({ name, physical, size_bytes: 0, tables: [] }));
    if (all.length === 0) return all;
    const { rows } = await this.server.run(this.#own, forever, 'table_stats', { databases: all.map((db) => db.physical) });
    for (const [i, definition, count] of rows) {
      all[Number(i)]?.tables.push({ definition: JSON.parse(String(definition)) as TableDef, rows: Number(count) });
    }
    for (const db of all) db.tables.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
    // If the server lets the login see the files; Babelfish has none.
    const sizes = await this.server.run(this.#own, forever, 'file_sizes').catch(() => undefined);
    for (const [physical, size] of sizes?.rows ?? []) {
      const db = all.find((one) => one.physical.toLowerCase() === String(physical).toLowerCase());
      if (db) db.size_bytes = Number(size);
    }
    return all;
  }

  /** Deletes some of the expired idempotency records, at most once a minute, or each time while there are more. */
  async #prune(db: Database): Promise<void> {
    const age = { now_ms: Date.now(), ran_ms: this.ran(), ttl_ms: responseTTL };
    if (age.ran_ms < db.nextPrune) return;
    db.nextPrune = age.ran_ms + pruneEvery;
    try {
      const { affected } = await db.during(() => undefined, () => this.server.run(db.pool, AbortSignal.timeout(10_000), 'prune', { limit: pruneRecords, ...age }));
      if (affected >= pruneRecords) db.nextPrune = 0;
    } catch (err) {
      if (!this.closed) this.server.logger.warn('expired idempotency records could not be deleted', { database: db.physical, error: err });
    }
  }
}
