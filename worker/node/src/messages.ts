// What the threads say to each other.
import type { MessagePort } from 'node:worker_threads';
import type { SQLValue } from './connection.ts';
import type { ProblemData } from './problem.ts';
import type { DBRequest, ExecRequest, QueryRequest, WorkerState } from './requests.ts';
import type { StorageFailure } from './storage.ts';
import type { TableDef } from './table.ts';

/** What all threads are started with. */
export interface ThreadConfig {
  dir: string;
  suffix: string;
  extension: string;
  /** Who has a request, by its slot: see slots.ts. */
  slots: SharedArrayBuffer;
}

/** A database as all threads know it. */
export interface DatabaseInfo {
  name: string;
  physical: string;
  /** Odd while a change of the schema is being committed, and different after each. */
  generation: SharedArrayBuffer;
}

export interface TableStats {
  definition: TableDef;
  rows: number;
}

/** What is wrong with the storage, and whose requests are refused because of it. */
export interface StorageReport {
  failures: StorageFailure[];
  /** By physical name. */
  refused: Record<string, ProblemData>;
  /** Of all writes. */
  writes?: ProblemData;
}

/** What has changed since the last report of the writer. */
export interface Report {
  state?: WorkerState;
  storage?: StorageReport;
  /** By physical name. */
  sizes?: Record<string, number>;
  /** Row counts by physical name and the table's lower-case name. */
  rows?: Record<string, Record<string, number>>;
  /** All tables of the databases whose schema has changed, by physical name. */
  tables?: Record<string, Record<string, TableStats>>;
}

export interface ExecResponse {
  rows_affected: number[];
  replayed?: boolean;
}

/** A write. Its parameters are decoded by a reader if they are many, otherwise by the writer. */
export interface ExecMessage {
  kind: 'exec';
  id: number;
  physical: string;
  request: ExecRequest;
  values?: SQLValue[][][];
  slot: number;
  /** When it must have begun, in milliseconds since the epoch. */
  deadline: number;
}

export type ToWriter =
  | ExecMessage
  | { kind: 'create' | 'drop'; id: number; request: DBRequest }
  | { kind: 'remove'; id: number; physical: string }
  | { kind: 'state'; id: number; update: WorkerState }
  | { kind: 'decoder'; port: MessagePort }
  | { kind: 'unreadable'; physical: string; code: number; detail: string }
  | { kind: 'close'; id: number };

export interface Answer {
  id: number;
  value?: unknown;
  problem?: ProblemData;
  /** The error, for the log, if the problem hides it. */
  logged?: string;
}

export type FromWriter =
  | { kind: 'answers'; answers: Answer[]; report?: Report }
  | { kind: 'warning'; message: string }
  | { kind: 'storage'; level: 'error' | 'info'; message: string; fields: Record<string, unknown> };

export type ToReader =
  | { kind: 'query'; id: number; slot: number; physical: string; request: QueryRequest }
  | { kind: 'more' | 'cancel'; id: number }
  | { kind: 'decode'; message: ExecMessage }
  | { kind: 'opened'; database: DatabaseInfo }
  | { kind: 'forget'; id: number; physical: string }
  | { kind: 'close' };

/** A piece of a query's result. */
export interface Piece {
  kind: 'piece';
  id: number;
  data: string | Uint8Array;
  rows: number;
  end: boolean;
  problem?: ProblemData;
  logged?: string;
}

export type FromReader = Piece | { kind: 'answer'; answer: Answer } | { kind: 'decoded'; id: number };

/** An error as a message. */
export function failure(err: unknown, problemOf: (err: unknown) => { data: ProblemData }): { problem: ProblemData; logged?: string } {
  const problem = problemOf(err).data;
  return problem.code === 'internal' ? { problem, logged: err instanceof Error ? (err.stack ?? err.message) : String(err) } : { problem };
}
