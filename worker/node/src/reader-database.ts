// A database as a reader thread has it: its connections, and its tables by generation.
import { loadCatalog, expectTable, type Catalog } from './catalog.ts';
import { Connection, expectParameters, quoteText, type SQLValue, named } from './connection.ts';
import { fileOf } from './files.ts';
import type { DatabaseInfo } from './messages.ts';
import { Problem } from './problem.ts';
import type { QueryRequest } from './requests.ts';
import type { StatementSync } from 'node:sqlite';

const cacheKiB = 2 << 10;
const keepIdle = 2;
/** How much of the file is mapped into memory, which makes reads faster than copying pages. */
const mapped = 1 << 30;
/** How many values sd_pack and sd_cells take. */
const chunk = 126;

export interface Reading {
  conn: Connection;
  handle: bigint;
}

/** A query in progress: each row is a piece of the result, the number of rows and their lines. */
export type Rows = Iterator<[rows: bigint, lines: Uint8Array]>;

export class ReaderDatabase {
  readonly info: DatabaseInfo;
  readonly #file: string;
  readonly #extension: string;
  readonly #generation: Int32Array;
  readonly #idle: Reading[] = [];
  #catalog: Catalog = new Map();
  #catalogGeneration = -1;

  constructor(info: DatabaseInfo, dir: string, extension: string) {
    this.info = info;
    this.#file = fileOf(dir, info.physical);
    this.#extension = extension;
    this.#generation = new Int32Array(info.generation);
  }

  acquire(): Reading {
    const idle = this.#idle.pop();
    if (idle) return idle;
    const conn = Connection.open(this.#file, this.#extension, cacheKiB, ['query_only = ON', `mmap_size = ${mapped}`]);
    return { conn, handle: conn.get('SELECT sd_handle()')?.[0] as bigint };
  }

  /** Takes a connection back; `failed` if its query did not come to its end. */
  release(r: Reading, failed: boolean): void {
    if (failed) r.conn.get('SELECT sd_take()'); // the next query begins with an empty piece
    if (this.#idle.length < keepIdle) this.#idle.push(r);
    else r.conn.close();
  }

  close(): void {
    for (const r of this.#idle.splice(0)) r.conn.close();
  }

  /**
   * Checks that the tables are as the query expects and makes the first step, which takes the
   * snapshot that the query reads. Both must see the same schema: if one was being committed
   * meanwhile, they are repeated.
   */
  start(conn: Connection, request: QueryRequest, values: SQLValue[]): { rows: Rows; first: [bigint, Uint8Array] } {
    for (;;) {
      const generation = this.#settled();
      let rows: Rows | undefined;
      try {
        this.#check(conn, generation, request.schemas);
        const query = conn.cached(`${request.types.length}\0${request.resultTypes.join()}\0${request.sql}`, () => prepareQuery(conn, request));
        rows = query.iterate(named(values)) as unknown as Rows;
        const first = rows.next().value as [bigint, Uint8Array]; // there is always a last piece
        if (Atomics.load(this.#generation, 0) === generation) return { rows, first };
        rows.return?.();
      } catch (err) {
        rows?.return?.();
        if (Atomics.load(this.#generation, 0) === generation) throw err;
      }
    }
  }

  /** The generation, once no change of the schema is being committed. */
  #settled(): number {
    for (;;) {
      const g = Atomics.load(this.#generation, 0);
      if (g % 2 === 0) return g;
      Atomics.wait(this.#generation, 0, g, 1000);
    }
  }

  #check(conn: Connection, generation: number, schemas: Record<string, string>): void {
    if (this.#catalogGeneration !== generation) {
      this.#catalog = loadCatalog(conn);
      this.#catalogGeneration = Atomics.load(this.#generation, 0) === generation ? generation : -1;
    }
    for (const name in schemas) expectTable(this.#catalog, name, schemas[name]);
  }
}

/** Prepares a query whose rows are JSON: the request's own text is its only source. */
function prepareQuery(conn: Connection, { sql, types, resultTypes }: QueryRequest): StatementSync {
  const own = conn.prepare(sql);
  if (own.changes) throw new Problem('invalid_field', 'the statement is not a SELECT', { field: 'sql' });
  if (own.columns !== resultTypes.length) {
    throw new Problem('invalid_field', `the statement has ${own.columns} columns, the request ${resultTypes.length} types`, { field: 'result_types' });
  }
  const columns = resultTypes.map((_, i) => `c${i}`);
  const cells: string[] = [];
  for (let i = 0; i < columns.length; i += chunk) {
    cells.push(`${quoteText(JSON.stringify(resultTypes.slice(i, i + chunk)))}, ${columns.slice(i, i + chunk).join(', ')}`);
  }
  const row = cells.length === 1 ? cells.join() : cells.map((c) => `sd_cells(${c})`).join("||','||");
  // No client's table has a name with a colon. The line break ends a comment of the text, and the
  // LIMIT keeps the condition out of it, where it would come before an ORDER BY.
  const text = `WITH "sd:q"(${columns.join(', ')}) AS (${own.statement.sourceSQL.replace(/;\s*$/, '')}\n), "sd:r" AS (SELECT * FROM "sd:q" LIMIT -1)
    SELECT sd_packed(), sd_take() FROM "sd:r" WHERE sd_pack(${row}) UNION ALL SELECT sd_packed(), sd_take()`;
  const statement = conn.db.prepare(text); // its source has just been checked
  expectParameters(sql, statement, types.length);
  return statement;
}
