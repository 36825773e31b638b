// What the HTTP side needs of an engine, and the choice of one.
import fs from 'node:fs';
import path from 'node:path';
import type { Config } from './config.ts';
import type { Logger } from './log.ts';
import type { ExecResponse, Piece, TableStats } from './messages.ts';
import type { Problem } from './problem.ts';
import type { DBRequest, ExecRequest, QueryRequest, WorkerState } from './requests.ts';
import type { StorageFailure } from './storage.ts';

/** A write in progress. */
export interface Write {
  done: Promise<ExecResponse>;
  /** Gives up on the write if it has not begun. */
  cancel: () => void;
}

/** The rows of a query. */
export interface Rows {
  /** The next piece; the last one has `end`. The engine reads on as pieces are taken. */
  next(): Promise<Piece>;
  /** Ends the query with the problem, unless it has ended. */
  cancel(reason: () => Problem): void;
}

export interface DatabaseStats {
  name: string;
  physical: string;
  size_bytes: number;
  tables: TableStats[];
}

/** Requests are checked; body is the JSON that they were read from. */
export interface Engine {
  readonly name: string;
  readonly dialect: string;
  readonly version: string;
  /** The worker's shard, as last seen. */
  readonly shard: string;
  /** The current failures of the storage, from memory, the worst first. */
  readonly failures: StorageFailure[];
  state(): Promise<WorkerState>;
  setState(update: WorkerState): Promise<WorkerState>;
  /** The signal aborts if the client gives up. */
  createDB(request: DBRequest, signal: AbortSignal): Promise<string>;
  dropDB(request: DBRequest, signal: AbortSignal): Promise<string>;
  exec(request: ExecRequest, body: string): Write;
  query(request: QueryRequest, body: string): Rows;
  /** In the order of names. */
  stats(): Promise<DatabaseStats[]>;
  close(): Promise<void>;
}

/** The directory of the databases' files; empty for SQL Server. */
export const dataDir = (config: Config, name: string) => (config.sqlServer ? '' : path.resolve(config.dataDir || path.join('data', name)));

/** Opens the configured engine for the worker of that name. `fatal` is called if it fails later. */
export async function openEngine(config: Config, name: string, logger: Logger, fatal: (err: unknown) => void): Promise<Engine> {
  const { extension, suffix, sqlServer } = config;
  if (sqlServer) {
    const { SQLServerEngine } = await import('./sqlserver/engine.ts'); // tedious takes time to load
    return SQLServerEngine.open(sqlServer, extension, suffix, logger);
  }
  const { SQLiteEngine } = await import('./sqlite-engine.ts');
  const dir = dataDir(config, name);
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  return SQLiteEngine.open({ dir, suffix, extension }, logger, fatal);
}
