// The writer: one thread that owns every connection that writes, and the worker's state. It takes
// requests in order and runs the waiting ones of a database in one transaction.
import { parentPort, workerData } from 'node:worker_threads';
import { FenceStore } from './fence.ts';
import { Decoder } from './decoder.ts';
import { noteFailure, primaryCode, storageProblem } from './errors.ts';
import { createFile, fileOf, listDatabases, removeFiles, sizeOf, stateFile } from './files.ts';
import { Group, type GroupHost, type Pending } from './group.ts';
import { failure, type Answer, type DatabaseInfo, type ExecMessage, type FromWriter, type Report, type StorageReport, type TableStats, type ThreadConfig, type ToWriter } from './messages.ts';
import { Problem, closed, problemOf, unknownDatabase, type ProblemData } from './problem.ts';
import type { Effect } from './requests.ts';
import { begin } from './slots.ts';
import { Health } from './storage.ts';
import { WriteQueue, type Operation } from './write-queue.ts';
import { WriterDatabase } from './writer-database.ts';
import path from 'node:path';

const tidyEvery = 1000;
const watchEvery = 1000;

const config = workerData as ThreadConfig;
const slots = new Int32Array(config.slots);

class Writer implements GroupHost {
  readonly #health = new Health({
    error: (message, fields) => send({ kind: 'storage', level: 'error', message, fields }),
    info: (message, fields) => send({ kind: 'storage', level: 'info', message, fields }),
  });
  #reported = 0; // version of the health
  #watch: NodeJS.Timeout | undefined;
  readonly #fence: FenceStore;
  readonly #decoder = new Decoder(config.extension);
  readonly #databases = new Map<string, WriterDatabase>(); // by physical name
  readonly #queue = new WriteQueue((next) => this.#work(next));
  #answers: Answer[] = [];
  #report: Report = {};
  #tidy: NodeJS.Timeout | undefined;
  #closed = false;

  constructor() {
    try {
      this.#fence = new FenceStore(path.join(config.dir, stateFile), config.extension, this.#health.add(''));
    } catch (err) {
      throw new Error(`open the data directory ${config.dir}: ${(err as Error).message}`, { cause: err });
    }
    this.#report.state = this.#fence.state;
  }

  /** Opens the complete databases, finishes interrupted drops and undoes interrupted creations. */
  openAll(): DatabaseInfo[] {
    for (const physical of this.#fence.discarded()) this.#remove(physical);
    const names = new Map<string, string>();
    for (const physical of listDatabases(config.dir)) {
      try {
        const { name } = this.#open(physical).info;
        const other = names.get(name.toLowerCase());
        if (other) throw new Error(`${other} is the database ${name} too`);
        names.set(name.toLowerCase(), physical);
      } catch (err) {
        throw new Error(`open ${fileOf(config.dir, physical)}: ${(err as Error).message}`, { cause: err });
      }
    }
    try {
      this.#fence.adoptSuffix(config.suffix, () => this.#checkSuffix());
    } catch (err) {
      throw new Error(`open the data directory ${config.dir}: ${(err as Error).message}`, { cause: err });
    }
    this.#watch = setInterval(() => this.#look(), watchEvery);
    setImmediate(() => this.#look());
    return [...this.#databases.values()].map((db) => db.info);
  }

  /** Refuses databases that were made with another suffix than the configured one. */
  #checkSuffix(): void {
    for (const { info, path } of this.#databases.values()) {
      if (info.physical === info.name + config.suffix) continue;
      throw new Error(`the file of database ${info.name} is ${path}, which does not have the suffix "${config.suffix}": set WORKER_DB_SUFFIX to the suffix that the directory was made with`);
    }
  }

  /** Checks that all files are in place and readable. */
  #look(): void {
    if (this.#closed) return;
    this.#fence.look();
    for (const db of this.#databases.values()) db.look();
    this.flush();
  }

  /** Opens everything, and answers with what there is together with its state. */
  start(): void {
    this.#answers.push({ id: 0, value: this.openAll() });
    this.flush();
  }

  receive(m: ToWriter): void {
    if (m.kind === 'decoder') {
      m.port.on('message', (decoded: ToWriter) => this.receive(decoded));
      return;
    }
    if (m.kind === 'unreadable') {
      const db = this.#databases.get(m.physical);
      if (db && !db.gone) noteFailure(db.store, 'read', db.path, m.code, m.detail);
      this.flush();
      return;
    }
    this.#queue.push(m.kind === 'exec' ? pending(m) : m);
  }

  /** Sends the answers and what has changed. */
  flush(): void {
    if (this.#health.version !== this.#reported) {
      this.#reported = this.#health.version;
      this.#report.storage = this.#storage();
    }
    if (this.#answers.length === 0 && Object.keys(this.#report).length === 0) return;
    send({ kind: 'answers', answers: this.#answers, report: this.#report });
    this.#answers = [];
    this.#report = {};
  }

  #storage(): StorageReport {
    const refused: Record<string, ProblemData> = {};
    for (const db of this.#databases.values()) if (!db.gone && db.store.refusal) refused[db.info.physical] = db.store.refusal.data;
    const writes = this.#fence.store.refusal?.data;
    return { failures: this.#health.failures(), refused, ...(writes && { writes }) };
  }

  #work(next: Pending[] | Operation): void {
    if (Array.isArray(next)) this.#serve(next);
    else this.#handle(next);
    this.flush();
  }

  #serve(batch: Pending[]): void {
    for (const p of batch) {
      try {
        p.message.values ??= this.#decoder.exec(p.message.request.statements);
        this.#raise(p.message.request.fence);
      } catch (err) {
        p.error = storageProblem(err);
      }
    }
    const db = this.#databases.get(batch[0]?.message.physical ?? '');
    if (!db) {
      for (const p of batch) {
        if (this.begin(p)) p.error ??= unknownDatabase(p.message.request.db);
        this.answer(p);
      }
      return;
    }
    const before = db.catalog;
    // Usually one transaction; if it is lost, its requests are lost with it, and the rest get another.
    for (let rest = batch; rest.length > 0; ) rest = rest.slice(new Group(db, this).run(rest));
    this.#reportTables(db, db.catalog !== before);
    this.#tidySoon();
  }

  begin(p: Pending): boolean {
    return begin(slots, p.message.slot);
  }

  checkFence(p: Pending): void {
    this.#fence.check(p.message.request.fence);
  }

  answer(p: Pending): void {
    this.#answers.push(p.error ? { id: p.message.id, ...failure(p.error, problemOf) } : { id: p.message.id, value: p.response });
  }

  logError(message: string, err: unknown): void {
    send({ kind: 'warning', message: `${message}: ${String(err)} (SQLite's code ${primaryCode(err)})` });
  }

  /** Refuses what may need to store a fence. */
  #admitWrites(): void {
    if (this.#fence.store.refusal) throw this.#fence.store.refusal;
  }

  #raise(fence: { term: bigint; map_version: bigint }): void {
    this.#admitWrites();
    const before = this.#fence.state;
    this.#fence.raise(fence);
    if (this.#fence.state !== before) this.#report.state = this.#fence.state;
  }

  #handle(m: Operation): void {
    try {
      if (this.#closed) throw closed();
      this.#answers.push({ id: m.id, value: this.#do(m) });
    } catch (err) {
      this.#answers.push({ id: m.id, ...failure(storageProblem(err), problemOf) });
    }
  }

  #do(m: Operation): unknown {
    switch (m.kind) {
      case 'create':
        this.#raise(m.request.fence);
        this.#fence.check(m.request.fence);
        return this.#create(m.request.db);
      case 'drop': {
        const db = this.#find(m.request.db);
        if (!db) throw unknownDatabase(m.request.db);
        if (db.store.refusal) throw db.store.refusal;
        this.#raise(m.request.fence);
        this.#fence.check(m.request.fence);
        this.#fence.discard(db.info.physical);
        db.forget();
        return db.info;
      }
      case 'remove':
        this.#databases.get(m.physical)?.close();
        this.#databases.delete(m.physical);
        this.#remove(m.physical);
        return undefined;
      case 'state':
        this.#admitWrites();
        this.#fence.update(m.update);
        this.#report.state = this.#fence.state;
        return this.#fence.state;
      case 'close':
        this.#closed = true;
        clearTimeout(this.#tidy);
        clearInterval(this.#watch);
        for (const db of this.#databases.values()) db.close();
        this.#fence.close();
        this.#decoder.close();
        return undefined;
    }
  }

  #find(name: string): WriterDatabase | undefined {
    return this.#databases.values().find((db) => !db.gone && db.info.name.toLowerCase() === name.toLowerCase());
  }

  /** Creates a database such that a crash at any point leaves all of it or nothing. */
  #create(name: string): DatabaseInfo {
    if (this.#find(name)) {
      throw new Problem('database_exists', `database ${name} already exists`, { field: 'db_name', hint: 'choose another name, or drop it first' });
    }
    const physical = name + config.suffix;
    for (const { info } of this.#databases.values()) { // whose file would be replaced
      if (info.physical.toLowerCase() !== physical.toLowerCase()) continue;
      throw new Problem('database_exists', `database ${name} would have the physical name ${info.physical}, which is that of database ${info.name}`, {
        field: 'db_name', hint: 'choose another name',
      });
    }
    this.#fence.discard(physical);
    try {
      removeFiles(config.dir, physical);
      createFile(config.dir, physical, name, config.extension);
      const { info } = this.#open(physical);
      this.#fence.adopt(physical);
      return info;
    } catch (err) {
      const opened = this.#databases.get(physical);
      opened?.forget();
      opened?.close();
      this.#databases.delete(physical);
      this.#remove(physical);
      throw err;
    }
  }

  #open(physical: string): WriterDatabase {
    const db = new WriterDatabase(config.dir, physical, config.extension, this.#health);
    this.#databases.set(physical, db);
    this.#reportTables(db, true);
    this.#measure(db);
    return db;
  }

  #remove(physical: string): void {
    removeFiles(config.dir, physical);
    this.#fence.adopt(physical);
  }

  #reportTables(db: WriterDatabase, all: boolean): void {
    if (all) {
      const tables: Record<string, TableStats> = {};
      for (const t of db.catalog.values()) tables[t.key] = { definition: t.definition, rows: t.rows };
      (this.#report.tables ??= {})[db.info.physical] = tables;
      return;
    }
    const rows: Record<string, number> = {};
    for (const t of db.catalog.values()) rows[t.key] = t.rows;
    (this.#report.rows ??= {})[db.info.physical] = rows;
  }

  #measure(db: WriterDatabase): void {
    (this.#report.sizes ??= {})[db.info.physical] = sizeOf(config.dir, db.info.physical);
  }

  /** Soon after a write, if nobody waits, copies the log into the file, which is faster to read. */
  #tidySoon(): void {
    this.#tidy ??= setTimeout(() => {
      this.#tidy = undefined;
      for (const db of this.#databases.values()) {
        if (db.gone) continue;
        try {
          if (this.#queue.isEmpty && !db.refusal()) db.own.checkpoint.all();
        } catch (err) {
          this.logError('checkpoint failed', err);
        }
        this.#measure(db);
      }
      this.flush();
    }, tidyEvery);
  }
}

function changesSchema(effect: Effect): boolean {
  return effect === 'create_table' || effect === 'drop_table' || effect === 'alter_table';
}

function pending(message: ExecMessage): Pending {
  const { statements } = message.request;
  return {
    message,
    executions: statements.reduce((n, st) => n + st.rows.length, 0),
    ddl: statements.some((st) => changesSchema(st.effect)),
  };
}

function send(m: FromWriter): void {
  parentPort?.postMessage(m);
}

const writer = new Writer();
writer.start();
parentPort?.on('message', (m: ToWriter) => {
  writer.receive(m);
});
