// The functions of the extension that know SQL Server: they make every call that is sent, and say
// what its result means. See docs/sql-server.md, "Workers in other languages".
import type { StatementSync } from 'node:sqlite';
import { Connection, type SQLValue } from '../connection.ts';
import { primaryCode, sqlite, statementProblem } from '../errors.ts';
import type { ExecResponse } from '../messages.ts';
import { Problem, maxRow, rowTooLarge, toJSON, type Details, type ProblemData } from '../problem.ts';

/** A call of sp_executesql. */
export interface Call {
  text: string;
  declare: string;
  args: { name: string; type: 'nvarchar' | 'float' | 'varbinary'; value: string | number | null }[];
}

export interface Plan {
  transaction: boolean;
  calls: Call[];
}

/** A call whose result is rows, with the types of its columns. */
export interface QueryPlan {
  call: Call;
  types: string[];
}

/** An error of the server. */
export interface ServerError {
  number: number;
  severity: number;
  message: string;
}

export type Phase = 'idle' | 'read' | 'write';
export type Loss = 'broken' | 'not_sent' | 'timeout' | 'canceled';

/** What a driver reports instead of a response. */
export interface Report {
  phase: Phase;
  errors: ServerError[];
  loss?: Loss;
}

interface Refusal {
  problem: ProblemData;
  tries?: number;
  raise?: boolean;
  stale?: boolean;
  gone?: boolean;
}

const details = ['hint', 'field', 'sql_number', 'column', 'row', 'primary', 'term', 'map_version'] as const satisfies (keyof Details)[];

/** The problem of a request, and what can be done about it. */
export class Failure extends Problem {
  /** Nothing was done, and the request can be sent again until it was tried that often. */
  readonly tries: number;
  /** The request's fence has to be stored first. */
  readonly raise: boolean;
  /** A table of the query may have changed. */
  readonly stale: boolean;
  /** The database may have been dropped by another process. */
  readonly gone: boolean;

  constructor({ problem, tries = 0, raise = false, stale = false, gone = false }: Refusal) {
    const known = details.filter((name) => problem[name] !== undefined).map((name) => [name, problem[name]]);
    super(problem.code, problem.detail, Object.fromEntries(known) as Details);
    [this.tries, this.raise, this.stale, this.gone] = [tries, raise, stale, gone];
  }

  get number(): number {
    return this.data.sql_number ?? 0;
  }

  /** The same in other words. */
  reworded(problem: ProblemData): Failure {
    return new Failure({ problem: { ...this.data, ...problem }, gone: this.gone });
  }
}

/** The calls of a request are longer than it is: each value has a name and a type. */
const maxPlan = 512 << 20;
/** How many values one call of sd_mssql_cells takes. */
const chunk = 126;

export class Functions {
  readonly #conn: Connection;

  constructor(extension: string) {
    this.#conn = new Connection(':memory:', extension);
    this.#conn.db.limits.length = maxPlan;
  }

  write(body: string, context: string): Plan {
    return this.#call('sd_mssql_write', body, context) as Plan;
  }

  finish(body: string, context: string, outcomes: unknown[][]): Call {
    return (this.#call('sd_mssql_finish', body, context, toJSON(outcomes)) as { call: Call }).call;
  }

  answer(body: string, outcome: unknown[]): ExecResponse {
    return (this.#call('sd_mssql_answer', body, toJSON(outcome)) as { response: ExecResponse }).response;
  }

  query(body: string): QueryPlan {
    return this.#call('sd_mssql_query', body) as QueryPlan;
  }

  refused(body: string, row: unknown[]): Failure {
    return this.#failure('sd_mssql_refused', body, toJSON(row));
  }

  /** Throws if the table has another version than the query expects. */
  checkVersion(body: string, table: string, version: string): void {
    this.#call('sd_mssql_stale', body, table, version);
  }

  /** body is that of a write. */
  error(report: Report, body: string | null = null): Failure {
    return this.#failure('sd_mssql_error', toJSON(report), body);
  }

  statement(name: string, subject: object): Call {
    return this.#call('sd_mssql_statement', name, toJSON(subject)) as Call;
  }

  /** A function that makes a line of JSON of a row of these types. */
  lines(types: string[]): (row: unknown[]) => string {
    const float = types.map((t) => t === 'FLOAT' || t === 'REAL');
    const cells: string[] = [];
    const lists: string[] = [];
    for (let i = 0; i < types.length; i += chunk) {
      const some = types.slice(i, i + chunk);
      lists.push(toJSON(some));
      cells.push(`sd_mssql_cells(?, ${some.map(() => '?').join(', ')})`);
    }
    const statement = this.#prepare(`SELECT '['||${cells.join("||','||")}||']'`);
    return (row) => {
      const values: SQLValue[] = [];
      row.forEach((v, i) => {
        if (i % chunk === 0) values.push(lists[i / chunk] ?? '');
        values.push(sqlValue(v, float[i] ?? false));
      });
      const line = String(this.#get(statement, values));
      if (line.length >= maxRow) throw rowTooLarge();
      return line;
    };
  }

  close(): void {
    this.#conn.close();
  }

  #failure(name: string, ...args: (string | null)[]): Failure {
    try {
      this.#call(name, ...args);
    } catch (err) {
      if (err instanceof Failure) return err;
      throw err;
    }
    throw new Error(`${name} returned no problem`);
  }

  #call(name: string, ...args: (string | null)[]): unknown {
    const statement = this.#prepare(`SELECT ${name}(${args.map(() => '?').join(', ')})`);
    const text = String(this.#get(statement, args));
    const result: unknown = JSON.parse(text);
    // A term is a 64-bit number, which the second reading keeps exact.
    if (typeof result === 'object' && result !== null && 'problem' in result) throw new Failure(JSON.parse(text, exact) as Refusal);
    return result;
  }

  #prepare(sql: string): StatementSync {
    return this.#conn.cached(sql, () => this.#conn.db.prepare(sql));
  }

  #get(statement: StatementSync, args: SQLValue[]): SQLValue {
    try {
      const [value = null] = statement.get(...args) as unknown as SQLValue[];
      return value;
    } catch (err) {
      if (primaryCode(err) === sqlite.tooBig) {
        throw new Problem('too_complex', 'the request has too many values', { hint: 'send less at a time, for example an insert in batches' });
      }
      const problem = statementProblem(err);
      throw problem instanceof Problem && problem.code !== 'syntax_error' ? problem : err;
    }
  }
}

function exact(name: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  return (name === 'term' || name === 'map_version') && typeof value === 'number' ? BigInt(source) : value;
}

/** A value as tedious reads it, in a form that SQLite binds without loss. */
function sqlValue(value: unknown, float: boolean): SQLValue {
  switch (typeof value) {
    case 'number':
      return !float && Number.isInteger(value) ? BigInt(value) : value;
    case 'boolean':
      return value ? 1n : 0n;
    default:
      return value as SQLValue;
  }
}
