// The requests of worker-openapi.yaml: their shapes, and the checks that need no database.
import { dictionary, integer, list, row, shape, text, uint64 } from './json.ts';
import { Problem, invalid, missing } from './problem.ts';
import { tableDef, type TableDef } from './table.ts';

export interface Fence {
  term: bigint;
  map_version: bigint;
}

export interface WorkerState extends Fence {
  leader: string;
  shard: string;
}

const effects = ['insert', 'update', 'delete', 'create_table', 'drop_table', 'create_index', 'alter_table'] as const;
export type Effect = (typeof effects)[number];

export interface Statement {
  sql: string;
  table: string;
  schemaVersion: string;
  effect: Effect;
  types: string[];
  columns: string[];
  /** The JSON text of each value of each row. */
  rows: string[][];
  definition?: TableDef;
}

export interface ExecRequest {
  db: string;
  fence: Fence;
  idempotency?: { key: string; hash: string };
  statements: Statement[];
  timeout: number;
}

export interface QueryRequest {
  db: string;
  sql: string;
  types: string[];
  params: string[];
  resultTypes: string[];
  schemas: Record<string, string>;
  timeout: number;
}

export interface DBRequest {
  db: string;
  fence: Fence;
}

const maxStatements = 64;
const maxParams = 2048; // of one statement
const maxSQL = 1 << 20;
const maxTimeout = 24 * 60 * 60 * 1000;
const maxIdentifier = 100;
const maxTerm = BigInt(Number.MAX_SAFE_INTEGER);

const fence = shape({ term: uint64, map_version: uint64 });
const dbBody = shape({ db_name: text, fence });
const statement = shape({
  sql: text,
  table: text,
  schema_version: text,
  effect: text,
  types: list(text),
  columns: list(text),
  rows: list(row),
  definition: tableDef,
});
const execBody = shape({
  db_name: text,
  fence,
  idempotency: shape({ key: text, hash: text }),
  statements: list(statement),
  timeout_ms: integer,
});
const queryBody = shape({
  db_name: text,
  sql: text,
  types: list(text),
  params: row,
  result_types: list(text),
  schemas: dictionary,
  timeout_ms: integer,
});
const stateBody = shape({ term: uint64, map_version: uint64, leader: text, shard: text });

type Body<R> = R extends (...args: never[]) => infer T ? T : never;

export const shapes = { db: dbBody, exec: execBody, query: queryBody, state: stateBody };

export function checkDB(b: Body<typeof dbBody>): DBRequest {
  return { db: identifier('db_name', b.db_name), fence: checkFence(b.fence) };
}

export function checkExec(b: Body<typeof execBody>): ExecRequest {
  const db = identifier('db_name', b.db_name);
  const fence = checkFence(b.fence);
  const timeout = checkTimeout(b.timeout_ms);
  const { key = '', hash = '' } = b.idempotency ?? {};
  if (b.idempotency) {
    const bytes = Buffer.byteLength(key);
    if (bytes === 0 || bytes > 255) throw invalid('idempotency.key', 'must have 1 to 255 bytes');
    if (!/^[0-9a-f]{64}$/.test(hash)) throw invalid('idempotency.hash', 'must be a SHA-256 in lower-case hexadecimal');
  }
  const statements = b.statements ?? [];
  if (statements.length === 0 && !b.idempotency) throw missing('statements');
  if (statements.length > maxStatements) throw invalid('statements', `must be at most ${maxStatements}`);
  if (statements.some((st) => st.effect === 'alter_table') && statements.some((st) => st.effect !== 'alter_table')) {
    throw invalid('statements', 'must not have alter_table beside other effects');
  }
  return { db, fence, ...(b.idempotency && { idempotency: { key, hash } }), statements: statements.map(checkStatement), timeout };
}

function checkStatement(st: Body<typeof statement>, i: number): Statement {
  const at = (field: string) => `statements[${i}].${field}`;
  if (!st.sql) throw missing(at('sql'));
  const table = identifier(at('table'), st.table);
  const types = st.types ?? [];
  const columns = st.columns ?? [];
  if (st.effect === 'insert' && columns.length !== types.length) {
    throw invalid(at('columns'), 'must name the column of each parameter of the insert');
  }
  if (st.effect !== 'insert' && columns.length > 0) throw invalid(at('columns'), 'is only allowed with insert');
  if (!st.effect) throw missing(at('effect'));
  const effect = effects.find((e) => e === st.effect);
  if (!effect) throw invalid(at('effect'), `must be one of ${effects.join(', ')}`);
  if (effect === 'create_table' || effect === 'alter_table') {
    if (!st.definition) throw missing(at('definition'));
    if (st.definition.name.toLowerCase() !== table.toLowerCase()) throw invalid(at('definition.name'), "must match the table's name");
    if (st.definition.columns.length === 0) throw missing(at('definition.columns'));
  } else if (st.definition) {
    throw invalid(at('definition'), 'is only allowed with create_table and alter_table');
  }
  checkSize(st.sql, types, at('sql'));
  const rows = types.length > 0 ? (st.rows ?? []) : [[]];
  if (rows.length === 0) throw missing(at('rows'));
  for (const r of rows) checkRow(r, types.length, `statements[${i}]`);
  return {
    sql: st.sql, table, schemaVersion: st.schema_version ?? '', effect, types, columns, rows,
    ...(st.definition && { definition: st.definition }),
  };
}

export function checkQuery(b: Body<typeof queryBody>): QueryRequest {
  const db = identifier('db_name', b.db_name);
  if (!b.sql) throw missing('sql');
  const resultTypes = b.result_types ?? [];
  if (resultTypes.length === 0) throw missing('result_types');
  const types = b.types ?? [];
  checkSize(b.sql, types, 'sql');
  const params = b.params ?? [];
  checkRow(params, types.length, 'params');
  return { db, sql: b.sql, types, params, resultTypes, schemas: b.schemas ?? {}, timeout: checkTimeout(b.timeout_ms) };
}

export function checkState(b: Body<typeof stateBody>): WorkerState {
  const { term = 0n, map_version = 0n, leader = '', shard = '' } = b;
  if (term === 0n) throw invalid('term', 'must be 1 or more: terms start at 1');
  checkTerm('term', term);
  if (!leader) throw missing('leader');
  if (!isBaseURL(leader)) {
    throw invalid('leader', 'must be the base URL of the master that acquires the term');
  }
  if (!shard) throw missing('shard');
  const [, number, count] = /^(\d{1,5})\/(\d{1,5})$/.exec(shard) ?? [];
  if (number === undefined || Number(number) >= Number(count) || Number(count) > 65535) {
    throw invalid('shard', 'must be the shard\'s number and the number of shards, such as "0/3"');
  }
  return { term, map_version, leader, shard };
}

/** URL.parse accepts much that is not a URL, such as blanks around one, and corrects the rest. */
function isBaseURL(text: string): boolean {
  return Buffer.byteLength(text) <= 1000 && /^https?:\/\/[^/?#]/i.test(text) && /^(?:[^\0- \x7f\\"<>^`{|}%]|%[0-9a-f]{2})+$/i.test(text) && URL.canParse(text);
}

/** Refuses what is not an ASCII letter followed by ASCII letters, digits and underscores. */
export function identifier(field: string, name = ''): string {
  if (!name) throw missing(field);
  if (name.length > maxIdentifier) {
    throw new Problem('invalid_identifier', `${field} is longer than ${maxIdentifier} bytes`, { field, hint: 'choose a shorter name' });
  }
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) {
    throw new Problem('invalid_identifier', `${field} has an invalid character`, {
      field, hint: 'use an ASCII letter, then ASCII letters, digits and underscores',
    });
  }
  return name;
}

function checkFence(f: Body<typeof fence> | undefined): Fence {
  if (!f) throw missing('fence');
  return { term: checkTerm('fence.term', f.term), map_version: f.map_version ?? 0n };
}

function checkTerm(field: string, term = 0n): bigint {
  if (term > maxTerm) throw invalid(field, `must be at most ${maxTerm}, not ${term}`);
  return term;
}

function checkTimeout(ms = 0): number {
  if (ms < 0 || ms > maxTimeout) throw invalid('timeout_ms', `must be from 0 to ${maxTimeout}`);
  return ms;
}

function checkSize(sql: string, types: string[], field: string): void {
  if (Buffer.byteLength(sql) > maxSQL || types.length > maxParams) {
    throw new Problem('too_complex', `a statement has at most ${maxSQL} bytes and ${maxParams} parameters`, { field });
  }
}

function checkRow(values: string[], want: number, field: string): void {
  if (values.length !== want) {
    throw new Problem('invalid_field', `a row of parameters has ${values.length} values; the statement has ${want} types`, {
      field, hint: 'send one value for each type',
    });
  }
}
