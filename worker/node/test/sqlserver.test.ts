// The real process over a SQL Server, with what the shared suites do not cover.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import test from 'node:test';
import { Logger } from '../src/log.ts';
import { ownDatabase } from '../src/sqlserver/databases.ts';
import { parseDSN } from '../src/sqlserver/dsn.ts';
import { Server } from '../src/sqlserver/server.ts';
import { WorkerProcess, extension, fence, insert, things } from './worker.ts';

const dsn = process.env.SHARDECK_TEST_SQLSERVER ?? '';
const required = (process.env.SHARDECK_REQUIRE ?? '').split(',').includes('sqlserver');
const skip = !dsn && !required && 'NOT RUN: SHARDECK_TEST_SQLSERVER is not set, so nothing of this was tested on SQL Server';

/** A SELECT of the integers from 1 to n, by the product of small tables. */
function numbers(n: bigint): string {
  const digits = Array.from({ length: 16 }, (_, i) => `(${i})`).join(', ');
  const factors = Array.from({ length: 15 }, (_, i) => `(VALUES ${digits}) AS f${i} (x)`);
  return `SELECT TOP (${n}) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS i FROM ${factors.join(' CROSS JOIN ')}`;
}

async function started(t: test.TestContext, env: Record<string, string> = {}): Promise<WorkerProcess> {
  const suffix = `T${randomBytes(5).toString('hex')}`;
  const w = await WorkerProcess.start({ WORKER_ENGINE: 'sqlserver', WORKER_DSN: dsn, WORKER_DB_SUFFIX: suffix, ...env });
  t.after(async () => {
    if (w.child.exitCode === null) await w.stop();
    fs.rmSync(w.dir, { recursive: true });
    await drop([`SchoolDB${suffix}`, ownDatabase(suffix)]);
  });
  for (const a of [
    await w.post('/create-db', { db_name: 'SchoolDB', fence }),
    await w.exec([{
      sql: 'CREATE TABLE "Things" ("id" BIGINT NOT NULL PRIMARY KEY, "name" NVARCHAR(50) NULL, "data" VARBINARY(50) NULL, "_slot" INT NOT NULL DEFAULT 0)',
      table: 'Things', effect: 'create_table', definition: things,
    }]),
  ]) assert.equal(a.status, 200, a.text);
  return w;
}

async function drop(names: string[]): Promise<void> {
  const config = { connections: 2, connectTimeout: 15_000, writeTimeout: 60_000, collation: '', server: parseDSN(dsn, 15_000) };
  const server = new Server(config, extension, 'TEST', new Logger('text', 'error'));
  const pool = server.pool();
  const { signal } = new AbortController();
  for (const physical of names) {
    for (let tries = 1; ; tries++) {
      try {
        await server.run(pool, signal, 'drop_database_now', { physical }).catch(() => server.run(pool, signal, 'drop_database', { physical }));
        break;
      } catch (err) {
        // Sessions whose connections were just closed use it for a moment.
        if (tries === 100) throw err;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
  pool.close();
}

const types = ['BIGINT', 'NVARCHAR(50)', 'VARBINARY(50)'];

test('values survive the way in and out, also in many parts', { skip }, async (t) => {
  const w = await started(t);
  const rows = [['9223372036854775807', 'é😀', '0x'], ['-9223372036854775808', '', '0x00FF'], ['9007199254740993', "it's", null]];
  assert.equal((await w.exec([insert(...rows)])).status, 200);
  const got = await w.rows('SELECT "id", "name", "data" FROM "Things" ORDER BY "id" DESC', types);
  assert.deepEqual(got.map((l) => JSON.parse(l) as unknown), [rows[0], rows[2], rows[1]]);
  const many = Array.from({ length: 1000 }, (_, i) => [i, `n${i}`, null]);
  assert.deepEqual((await w.exec([insert(...many)])).json, { rows_affected: [1000] });
  const again = await w.exec([insert(...many.map(([id = 0, ...rest]) => [Number(id) + 999, ...rest]))]);
  assert.deepEqual([again.json.code, again.json.sql_number, again.json.row], ['duplicate_key', 2627, 0], again.text);
  assert.deepEqual(await w.rows('SELECT COUNT(*) FROM "Things"', ['BIGINT']), ['[1003]'], 'all of it was undone');
  const { databases } = (await w.get('/stats')) as { databases: { tables: { rows: number }[] }[] };
  assert.equal(databases[0]?.tables[0]?.rows, 1003);
  const health = await w.get('/health');
  assert.deepEqual([health.engine, health.dialect], ['sqlserver', 'sqlserver/1']);
});

test('a client that reads slowly holds up the server, not memory, and no writes', { skip }, async (t) => {
  const w = await started(t, { WORKER_DB_CONNECTIONS: '4' });
  const stop = new AbortController();
  const streams = await Promise.all(Array.from({ length: 3 }, async () => {
    const a = await w.open('/query', { db_name: 'SchoolDB', sql: numbers(1n << 60n), result_types: ['BIGINT'] }, stop.signal);
    const reader = a.body?.getReader();
    await reader?.read();
    return reader;
  }));
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${w.child.pid ?? 0}/status`, 'utf8'))?.[1]) * 1024;
  for (let i = 0; i < 20; i++) assert.equal((await w.exec([insert([i, 'x', null])])).status, 200, 'writes have a connection');
  if (process.platform === 'linux') {
    const before = memory();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (let i = 0; i < 200; i++) await streams[0]?.read();
    assert.ok(memory() - before < 64 << 20, `memory grew by ${memory() - before} bytes`);
  }
  stop.abort();
  assert.deepEqual(await w.rows('SELECT COUNT(*) FROM "Things"', ['BIGINT']), ['[20]'], 'the connections are free again');
});

test('a query that exceeds its time is ended at the server', { skip }, async (t) => {
  const w = await started(t, { WORKER_DB_CONNECTIONS: '2' });
  // Rows, because Babelfish, unlike SQL Server, only notices between them that a query was cancelled.
  const late = await w.post('/query', { db_name: 'SchoolDB', sql: numbers(1n << 60n), result_types: ['BIGINT'], timeout_ms: 1000 });
  assert.match(late.text, /"code":"shard_timeout"/, late.text.slice(-300));
  assert.deepEqual(await w.rows('SELECT COUNT(*) FROM "Things"', ['BIGINT']), ['[0]'], 'the only connection for queries is free again');
});

test('a stop ends what exceeds the grace', { skip }, async (t) => {
  const w = await started(t, { WORKER_SHUTDOWN_GRACE: '100ms' });
  const stuck = await w.open('/query', { db_name: 'SchoolDB', sql: numbers(1n << 60n), result_types: ['BIGINT'] });
  const reader = stuck.body?.getReader();
  await reader?.read();
  w.child.kill('SIGTERM');
  const rest = async () => {
    while (!(await reader?.read())?.done);
  };
  await assert.rejects(rest()); // cut off, not ended
  assert.equal(await w.exit(), 0, w.log);
});

test('a refused login repeats nothing of the connection string', { skip }, async () => {
  const url = new URL(dsn);
  url.password = 'hunter2-hunter2';
  const w = new WorkerProcess({ WORKER_ENGINE: 'sqlserver', WORKER_DSN: url.href });
  assert.equal(await w.exit(), 1);
  assert.match(w.log, /refused the worker's login.*WORKER_DSN/s);
  assert.ok(w.log.includes(url.port || '1433'), w.log);
  assert.doesNotMatch(w.log, /hunter2/);
  assert.ok(!w.log.includes(`'${url.username}'`), w.log);
});
