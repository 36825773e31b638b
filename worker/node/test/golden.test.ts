// The golden samples that all workers share, through this worker's use of SQLite.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import metadata from '../package.json' with { type: 'json' };
import { proof } from '../src/app.ts';
import { Connection, named, type SQLValue } from '../src/connection.ts';
import { Decoder } from '../src/decoder.ts';
import { statementProblem } from '../src/errors.ts';
import { Problem } from '../src/problem.ts';
import { versionOf, type TableDef } from '../src/table.ts';
import { exact, extension, root } from './worker.ts';

const conn = new Connection(':memory:', extension);
const decoder = new Decoder(extension);
test.after(() => {
  conn.close();
  decoder.close();
});

const cells = (type: string, value: SQLValue) => JSON.parse(String(conn.get('SELECT sd_cells(?, ?)', JSON.stringify([type]), value)?.[0])) as unknown;

function problemOf(run: () => unknown): Problem {
  try {
    run();
  } catch (err) {
    const p = statementProblem(err);
    if (p instanceof Problem) return p;
    throw err;
  }
  assert.fail('nothing was refused');
}

/** The JSON of a value in which `exact` has kept the numbers. */
const source = (value: unknown) => JSON.stringify(value);

test('values', () => {
  const samples = exact<{ type: string; input: unknown; wire?: unknown; error?: { number: unknown; code: string } }>('values.json');
  assert.ok(samples.length > 100);
  for (const s of samples) {
    const input = source(s.input);
    if (s.error) {
      if (/^[[{]/.test(input)) continue; // refused when the request is read
      const p = problemOf(() => decoder.query([s.type], [input]));
      assert.deepEqual([p.data.sql_number ?? 0, p.code], [JSON.parse(source(s.error.number)), s.error.code], `${s.type} ${input}`);
      continue;
    }
    assert.deepEqual(cells(s.type, decoder.query([s.type], [input])[0] ?? null), JSON.parse(source(s.wire)), `${s.type} ${input}`);
  }
});

test('functions', () => {
  const samples = exact<{ sql: string; types?: string[]; params?: unknown[]; column: string; want?: unknown; error?: unknown }>('functions.json');
  assert.ok(samples.length > 30);
  for (const s of samples) {
    const run = () => {
      const values = decoder.query(s.types ?? [], (s.params ?? []).map(source));
      return (conn.prepare(s.sql).statement.get(named(values)) as unknown as SQLValue[])[0] ?? null;
    };
    if (s.error) assert.equal(problemOf(run).data.sql_number, JSON.parse(source(s.error)), s.sql);
    else assert.deepEqual(cells(s.column, run()), JSON.parse(source(s.want)), s.sql);
  }
});

test('keys', () => {
  const samples = exact<{ type: string; input: unknown; canonical?: string }>('keys.json');
  for (const s of samples) {
    if (!s.canonical) continue; // NULL is no key, which masters refuse
    const [value] = decoder.query([s.type], [source(s.input)]);
    const text = value instanceof Uint8Array ? cells(s.type, value) : String(value).replace(/ +$/, '');
    assert.equal(text, s.canonical, source(s));
  }
});

test('proofs', () => {
  for (const s of exact<{ secret: string; nonce: string; body: string; proof: string }>('proofs.json')) assert.equal(proof(s.secret, s.nonce, s.body), s.proof);
});

test('versions of tables are those of the Go code', () => {
  const students: TableDef = {
    name: 'Students',
    columns: [
      { name: 'student_id', type: 'INT', nullable: false }, { name: 'name', type: 'NVARCHAR(50)', nullable: false },
      { name: 'age', type: 'TINYINT', nullable: true }, { name: 'gpa', type: 'DECIMAL(3,2)', nullable: true },
    ],
    primary_key: ['student_id'], shard_key: 'student_id',
  };
  const grades: TableDef = {
    name: 'Grades',
    columns: [
      { name: 'k', type: 'BIGINT', nullable: false }, { name: 'g', type: 'DECIMAL(5,2)', nullable: true, default: '1.5' },
      { name: 's', type: 'NVARCHAR(10)', nullable: false, default: 'N\'it\'\'s <"new"> & é \u2028 \\\'' },
    ],
    unique: [['k', 'g'], ['s']], shard_key: 'k',
  };
  // Computed by api.TableDef.Version.
  assert.equal(versionOf(students), '3d47bbdb608d898d');
  assert.equal(versionOf(grades), 'dcc98aa820670ebe');
  assert.equal(versionOf({ name: 'Countries', columns: [{ name: 'code', type: 'CHAR(2)', nullable: false }], primary_key: ['code'], distribution: 'replicate' }), '80dff52a263e9968');
  assert.equal(versionOf({ name: 'Many', columns: [{ name: 'id', type: 'BIGINT', nullable: false }] }), 'e34e3a930444adfd');
});

test('the version is that of the other services', () => {
  const [, version] = /const Version = "(.*)"/.exec(fs.readFileSync(path.join(root, 'shared/daemon/daemon.go'), 'utf8')) ?? [];
  assert.equal(metadata.version, version);
});
