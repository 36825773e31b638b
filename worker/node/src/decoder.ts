// Values of requests: from their JSON text to the form in which SQLite stores them.
import type { StatementSync } from 'node:sqlite';
import { Connection, quoteText, type SQLRow, type SQLValue } from './connection.ts';
import { statementProblem } from './errors.ts';
import { Problem, problemOf } from './problem.ts';
import type { Statement } from './requests.ts';

/** How many values one SELECT decodes; SQLite allows 2000 columns. */
const chunk = 100;

/** Decodes with sd_decode on a connection of its own, so that it holds up no transaction. */
export class Decoder {
  readonly #conn: Connection;
  readonly #known = new Set<string>();

  constructor(extension: string) {
    this.#conn = new Connection(':memory:', extension);
  }

  /** Refuses names that are not types. */
  checkTypes(types: string[], field: string): void {
    types.forEach((type, i) => {
      if (this.#known.has(type)) return;
      try {
        this.#conn.get('SELECT sd_type(?)', type);
      } catch (err) {
        throw problemOf(statementProblem(err)).with({ field: `${field}[${i}]` });
      }
      if (this.#known.size > 1000) this.#known.clear();
      this.#known.add(type);
    });
  }

  /** Decodes the parameters of a query. */
  query(types: string[], values: string[]): SQLValue[] {
    this.checkTypes(types, 'types');
    return this.#row(this.#statements(types), types, values, (p) => p);
  }

  /** Decodes the rows of the statements of a write. */
  exec(statements: Statement[]): SQLValue[][][] {
    return statements.map((st, i) => {
      this.checkTypes(st.types, `statements[${i}].types`);
      const decode = this.#statements(st.types);
      return st.rows.map((values, row) => this.#row(decode, st.types, values, (p, value) => located(p, st, i, row, value)));
    });
  }

  close(): void {
    this.#conn.close();
  }

  #statements(types: string[]): StatementSync[] {
    const key = types.join('\0');
    return this.#conn.cached(key, () => {
      const out: StatementSync[] = [];
      for (let i = 0; i < types.length; i += chunk) {
        const columns = types.slice(i, i + chunk).map((t) => `sd_decode(?, ${quoteText(t)})`);
        out.push(this.#conn.db.prepare(`SELECT ${columns.join(', ')}`));
      }
      return out;
    });
  }

  #row(decode: StatementSync[], types: string[], values: string[], locate: (p: Problem, value: number) => Problem): SQLValue[] {
    try {
      if (decode.length === 1 && decode[0]) return decode[0].get(...values) as unknown as SQLRow;
      return decode.flatMap((s, i) => s.get(...values.slice(i * chunk, (i + 1) * chunk)) as unknown as SQLRow);
    } catch (err) {
      // Which of them was it?
      values.forEach((v, i) => {
        try {
          this.#conn.get(`SELECT sd_decode(?, ?)`, v, types[i] ?? '');
        } catch (e) {
          throw locate(problemOf(statementProblem(e)), i);
        }
      });
      throw err;
    }
  }
}

/**
 * Adds to a statement's problem the row where it occurred, and the value, the index of a
 * parameter, if it is known. What the problem already says is kept.
 */
export function located(p: Problem, st: Statement, statement: number, row: number, value = -1): Problem {
  const d = p.data;
  const inRow = st.types.length > 0 && (d.sql_number !== undefined || value >= 0);
  let field = `statements[${statement}]`;
  if (inRow) field += `.rows[${row}]`;
  if (inRow && value >= 0) field += `[${value}]`;
  const column = d.column ?? st.columns[value];
  return p.with({
    field: d.field ?? field,
    ...(inRow && { row: d.row ?? row }),
    ...(inRow && column !== undefined && { column }),
  });
}
