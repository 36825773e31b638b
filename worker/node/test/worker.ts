// A worker process for tests, and requests to it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { versionOf, type TableDef } from '../src/table.ts';

export const root = path.resolve(import.meta.dirname, '../../..');
export const extension = path.join(root, 'bin', { darwin: 'libshardeck.dylib', win32: 'libshardeck.dll' }[process.platform as string] ?? 'libshardeck.so');
export const token = 'a-token-for-tests-only';
export const fence = { term: 1, map_version: 1 };

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Record<string, unknown>;
}

export class WorkerProcess {
  readonly child: ChildProcess;
  readonly dir: string;
  url = '';
  log = '';

  constructor(env: Record<string, string> = {}, dir = fs.mkdtempSync(path.join(os.tmpdir(), 'shardeck-')), command = [process.execPath, path.join(import.meta.dirname, '../start.js')]) {
    this.dir = dir;
    const [program = '', ...args] = command;
    this.child = spawn(program, args, {
      env: { PATH: process.env.PATH, MASTER_TOKEN: token, WORKER_PORT: '0', WORKER_DATA_DIR: dir, WORKER_DB_SUFFIX: 'TEST', EXIT_WITH_PARENT: 'true', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr?.on('data', (b: Buffer) => (this.log += b.toString()));
  }

  static async start(env: Record<string, string> = {}, dir?: string, command?: string[]): Promise<WorkerProcess> {
    const w = new WorkerProcess(env, dir, command);
    if (!w.child.stdout) throw new Error('no standard output');
    for await (const line of createInterface(w.child.stdout)) {
      if (!line.startsWith('listening on ')) throw new Error(`standard output has ${line}`);
      w.url = line.slice('listening on '.length);
      return w;
    }
    throw new Error(`the worker did not start: ${w.log}`);
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async stop(): Promise<void> {
    this.child.stdin?.end();
    const code = await this.exit();
    if (code !== 0) throw new Error(`the worker exited with ${code}: ${this.log}`);
  }

  async post(endpoint: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
    const response = await this.open(endpoint, body, signal);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? (JSON.parse(text.split('\n')[0] ?? '') as Record<string, unknown>) : {} };
  }

  open(endpoint: string, body: unknown, signal: AbortSignal | null = null): Promise<Response> {
    return fetch(this.url + endpoint, {
      method: 'POST', headers: { 'X-Master-Token': token, 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body), signal,
    });
  }

  async get(endpoint: string): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + endpoint, { headers: { 'X-Master-Token': token } });
    return (await response.json()) as Record<string, unknown>;
  }

  /** The rows of a query that must succeed, as lines. */
  async rows(sql: string, resultTypes: string[], more: Record<string, unknown> = {}): Promise<string[]> {
    const a = await this.post('/query', { db_name: 'SchoolDB', sql, result_types: resultTypes, ...more });
    const lines = a.text.trimEnd().split('\n');
    const end = lines.pop();
    if (a.status !== 200 || end !== JSON.stringify({ end: { rows: lines.length } })) throw new Error(`${a.status} ${a.text.slice(0, 500)}`);
    return lines;
  }

  exec(statements: unknown[], more: Record<string, unknown> = {}): Promise<Answer> {
    return this.post('/exec', { db_name: 'SchoolDB', fence, statements, ...more });
  }

  /** Creates SchoolDB with a table. */
  async create(t: TableDef, columns: string): Promise<void> {
    for (const a of [
      await this.post('/create-db', { db_name: 'SchoolDB', fence }),
      await this.exec([{ sql: `CREATE TABLE "${t.name}" (${columns}, "_slot" INTEGER NOT NULL DEFAULT 0) STRICT`, table: t.name, effect: 'create_table', definition: t }]),
    ]) if (a.status !== 200) throw new Error(a.text);
  }
}

/** A table of every kind of value that drivers get wrong. */
export const things: TableDef = {
  name: 'Things',
  columns: [
    { name: 'id', type: 'BIGINT', nullable: false }, { name: 'name', type: 'NVARCHAR(50)', nullable: true },
    { name: 'data', type: 'VARBINARY(50)', nullable: true },
  ],
  primary_key: ['id'], shard_key: 'id',
};
export const thingColumns = '"id" INTEGER NOT NULL PRIMARY KEY, "name" TEXT COLLATE SHARDECK_TEXT, "data" BLOB';

export function insert(...rows: unknown[][]): Record<string, unknown> {
  return {
    sql: 'INSERT INTO "Things" ("id", "name", "data") VALUES (@p1, @p2, @p3)', table: 'Things', effect: 'insert',
    schema_version: versionOf(things), types: ['BIGINT', 'NVARCHAR(50)', 'VARBINARY(50)'], columns: ['id', 'name', 'data'], rows,
  };
}

/** A SELECT of the integers from 1 to n. */
export const numbers = (n: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n}) SELECT i FROM n`;

/** The samples of a golden file, with the source text of each number. */
export function exact<T>(file: string): T[] {
  const keep = (_: string, value: unknown, context?: { source?: string }) => (typeof value === 'number' ? JSON.rawJSON(context?.source ?? '') : value);
  return JSON.parse(fs.readFileSync(path.join(root, 'shared/api/testdata/golden', file), 'utf8'), keep) as T[];
}
