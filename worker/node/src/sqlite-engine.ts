// The engine over SQLite, as the HTTP side sees it: requests go to the writer thread or to the readers,
// and what they report is kept here, so that no answer about the state waits for SQLite.
import { Worker } from 'node:worker_threads';
import type { DatabaseStats, Engine, Write } from './engine.ts';
import type { Logger } from './log.ts';
import type { Answer, DatabaseInfo, ExecResponse, FromWriter, Report, StorageReport, TableStats, ThreadConfig, ToWriter } from './messages.ts';
import { Problem, canceled, closed, notBegun, unknownDatabase } from './problem.ts';
import type { Query } from './query.ts';
import { Readers } from './readers.ts';
import type { DBRequest, ExecRequest, QueryRequest, WorkerState } from './requests.ts';
import { Slots } from './slots.ts';
import type { StorageFailure } from './storage.ts';

const execTimeout = 10_000; // for a write to begin, if the request sets no bound
const maxExecTimeout = 60 * 60 * 1000;
const queueLength = 4096;
const queueBytes = 64 << 20;
/** Writes of more values are decoded by a reader. */
const manyValues = 200;

interface Call {
  resolve(value: unknown): void;
  reject(err: unknown): void;
  slot?: number;
  bytes: number;
  timer?: NodeJS.Timeout;
}

interface Contents {
  size: number;
  tables: Record<string, TableStats>;
}

export class SQLiteEngine implements Engine {
  readonly name = 'sqlite';
  readonly dialect = 'sqlite/2';
  readonly #writer: Worker;
  readonly #readers: Readers;
  readonly #slots: Slots;
  readonly #logger: Logger;
  readonly #calls = new Map<number, Call>();
  readonly #databases = new Map<string, DatabaseInfo>(); // by logical name in lower case
  readonly #contents = new Map<string, Contents>(); // by physical name, as last reported
  readonly #fatal: (err: unknown) => void;
  #storage: StorageReport = { failures: [], refused: {} };
  #state: WorkerState = { term: 0n, map_version: 0n, leader: '', shard: '' };
  #lastID = 0;
  #writes = 0;
  #writeBytes = 0;
  #ddl: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(config: Omit<ThreadConfig, 'slots'>, logger: Logger, fatal: (err: unknown) => void) {
    this.#logger = logger;
    this.#fatal = fatal;
    this.#slots = new Slots();
    const shared = { ...config, slots: this.#slots.shared };
    this.#writer = new Worker(new URL('./writer-thread.ts', import.meta.url), { workerData: shared });
    this.#readers = new Readers(
      shared, this.#slots, logger,
      (port) => this.#writer.postMessage({ kind: 'decoder', port } satisfies ToWriter, [port]),
      (a) => this.#settle(a),
    );
  }

  /** Opens the data directory. `fatal` is called if the writer thread fails later. */
  static async open(config: Omit<ThreadConfig, 'slots'>, logger: Logger, fatal: (err: unknown) => void): Promise<SQLiteEngine> {
    const e = new SQLiteEngine(config, logger, fatal);
    await new Promise<void>((resolve, reject) => {
      e.#calls.set(0, { bytes: 0, reject, resolve: (databases) => {
        for (const info of databases as DatabaseInfo[]) e.#add(info);
        resolve();
      } });
      e.#writer.on('message', (m: FromWriter) => e.#receive(m));
      e.#writer.on('error', (err: Error) => {
        if (e.#calls.has(0)) reject(err);
        else e.#fatal(err);
      });
    });
    return e;
  }

  get failures(): StorageFailure[] {
    return this.#storage.failures;
  }

  get shard(): string {
    return this.#state.shard;
  }

  state(): Promise<WorkerState> {
    return Promise.resolve(this.#state);
  }

  get version(): string {
    return this.#readers.sqliteVersion;
  }

  createDB(request: DBRequest): Promise<string> {
    return this.#oneAtATime(async () => {
      const info = (await this.#call((id) => ({ kind: 'create', id, request }))) as DatabaseInfo;
      this.#add(info);
      return info.physical;
    });
  }

  dropDB(request: DBRequest): Promise<string> {
    return this.#oneAtATime(async () => {
      const info = (await this.#call((id) => ({ kind: 'drop', id, request }))) as DatabaseInfo;
      this.#databases.delete(info.name.toLowerCase());
      this.#contents.delete(info.physical);
      await this.#readers.forget(info, () => ++this.#lastID, (id) => this.#await(id));
      await this.#call((id) => ({ kind: 'remove', id, physical: info.physical })).catch((err: unknown) => {
        // For every caller it is gone; only its files still exist.
        this.#logger.warn('the files of a dropped database are removed at the next start', { database: info.physical, error: err });
      });
      return info.physical;
    });
  }

  exec(request: ExecRequest): Write {
    const { physical } = this.#find(request.db);
    if (this.#storage.writes) throw Problem.from(this.#storage.writes);
    let [values, bytes] = [0, 256];
    for (const st of request.statements) {
      values += st.rows.length * st.types.length;
      bytes += st.sql.length;
      for (const row of st.rows) for (const value of row) bytes += value.length + 40;
    }
    // A request larger than the bound is accepted if the queue is empty: the body limit bounds it.
    const full = this.#writes >= queueLength || (this.#writes > 0 && this.#writeBytes + bytes > queueBytes);
    const slot = full ? undefined : this.#slots.take();
    if (slot === undefined) {
      throw new Problem('overloaded', 'too many writes are waiting; nothing was done', { hint: 'send it again later' });
    }
    const wait = Math.min(request.timeout || execTimeout, maxExecTimeout);
    const id = ++this.#lastID;
    const giveUp = (reason: () => Problem) => {
      if (this.#calls.has(id) && this.#slots.giveUp(slot)) this.#calls.get(id)?.reject(reason());
    };
    this.#writes++;
    this.#writeBytes += bytes;
    const done = this.#await(id, { slot, bytes, timer: setTimeout(() => giveUp(notBegun), wait) }) as Promise<ExecResponse>;
    const message = { kind: 'exec', id, physical, request, slot, deadline: Date.now() + wait } as const;
    if (values > manyValues) this.#readers.decode(message);
    else this.#writer.postMessage(message satisfies ToWriter);
    return { done, cancel: () => giveUp(canceled) };
  }

  query(request: QueryRequest): Query {
    return this.#readers.query(this.#find(request.db).physical, request);
  }

  async setState(update: WorkerState): Promise<WorkerState> {
    return (await this.#call((id) => ({ kind: 'state', id, update }))) as WorkerState;
  }

  /** The databases with their row counts, as of the last commit. */
  stats(): Promise<DatabaseStats[]> {
    const byName = <T>(name: (t: T) => string) => (a: T, b: T) => (name(a) < name(b) ? -1 : 1);
    const all = [...this.#databases.values()].sort(byName((info) => info.name)).map(({ name, physical }) => {
      const { size, tables } = this.#contentsOf(physical);
      return { name, physical, size_bytes: size, tables: Object.values(tables).sort(byName((t) => t.definition.name)) };
    });
    return Promise.resolve(all);
  }

  /** Ends all queries, finishes the writes that have begun, and closes the files. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#ddl;
    await this.#readers.close();
    await this.#await(++this.#lastID, undefined, (id) => ({ kind: 'close', id }));
    await this.#writer.terminate();
  }

  #find(name: string): DatabaseInfo {
    if (this.#closed) throw closed();
    const db = this.#databases.get(name.toLowerCase());
    if (!db) throw unknownDatabase(name);
    const refused = this.#storage.refused[db.physical];
    if (refused) throw Problem.from(refused);
    return db;
  }

  #add(info: DatabaseInfo): void {
    this.#databases.set(info.name.toLowerCase(), info);
    this.#readers.opened(info);
  }

  #call(message: (id: number) => ToWriter): Promise<unknown> {
    if (this.#closed) return Promise.reject(closed());
    return this.#await(++this.#lastID, undefined, message);
  }

  #await(id: number, call: Partial<Call> = {}, message?: (id: number) => ToWriter): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { bytes: 0, ...call, resolve, reject });
      if (message) this.#writer.postMessage(message(id));
    });
  }

  /** Databases are created and dropped one at a time. */
  #oneAtATime<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#ddl.then(run);
    this.#ddl = result.catch(() => undefined);
    return result;
  }

  #receive(m: FromWriter): void {
    if (m.kind === 'warning') {
      this.#logger.warn(m.message);
      return;
    }
    if (m.kind === 'storage') {
      this.#logger[m.level](m.message, m.fields);
      return;
    }
    if (m.report) this.#update(m.report);
    for (const a of m.answers) this.#settle(a);
  }

  #settle(a: Answer): void {
    const call = this.#calls.get(a.id);
    if (!call) return;
    this.#calls.delete(a.id);
    if (call.slot !== undefined) {
      clearTimeout(call.timer);
      this.#slots.release(call.slot);
      this.#writes--;
      this.#writeBytes -= call.bytes;
    }
    if (a.logged) this.#logger.error('a request failed', { error: a.logged });
    if (a.problem) call.reject(Problem.from(a.problem));
    else call.resolve(a.value);
  }

  #update(r: Report): void {
    if (r.state) this.#state = r.state;
    if (r.storage) this.#storage = r.storage;
    for (const physical in r.sizes) this.#contentsOf(physical).size = r.sizes[physical] ?? 0;
    for (const physical in r.tables) this.#contentsOf(physical).tables = r.tables[physical] ?? {};
    for (const physical in r.rows) {
      const { tables } = this.#contentsOf(physical);
      for (const [key, rows] of Object.entries(r.rows[physical] ?? {})) {
        const t = tables[key];
        if (t) t.rows = rows;
      }
    }
  }

  #contentsOf(physical: string): Contents {
    const found = this.#contents.get(physical) ?? { size: 0, tables: {} };
    this.#contents.set(physical, found);
    return found;
  }
}
