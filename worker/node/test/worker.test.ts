// The real process over HTTP, with what the shared suites do not cover.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { WorkerProcess, fence, insert, numbers, thingColumns, things, token } from './worker.ts';

async function started(t: test.TestContext, env: Record<string, string> = {}): Promise<WorkerProcess> {
  const w = await WorkerProcess.start(env);
  t.after(async () => {
    await w.stop();
    fs.rmSync(w.dir, { recursive: true });
  });
  await w.create(things, thingColumns);
  return w;
}

const select = (rest: string) => `SELECT "id", "name", "data" FROM "Things" ${rest}`;
const types = ['BIGINT', 'NVARCHAR(50)', 'VARBINARY(50)'];

test('values survive the way in and out', async (t) => {
  const w = await started(t);
  const rows = [['9223372036854775807', 'a\0b', '0x'], ['-9223372036854775808', '', '0x00FF'], ['9007199254740993', 'é😀', null]];
  assert.equal((await w.exec([insert(...rows)])).status, 200);
  assert.deepEqual((await w.rows(select('ORDER BY "id" DESC'), types)).map((l) => JSON.parse(l) as unknown), [rows[0], rows[2], rows[1]]);
  const [found] = await w.rows(select('WHERE "id" = @p1'), types, { types: ['BIGINT'], params: ['9007199254740993'] });
  assert.deepEqual(JSON.parse(found ?? ''), rows[2]);
});

test('ORDER BY, LIMIT, comments and semicolons survive the wrapping', async (t) => {
  const w = await started(t);
  const ids = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 2000);
  assert.equal((await w.exec([insert(...ids.map((id) => [id, `n${id % 10}`, null]))])).status, 200);
  const sorted = (await w.rows('SELECT "id" FROM "Things" ORDER BY "name" DESC, "id" DESC', ['BIGINT'])).map((l) => (JSON.parse(l) as number[])[0] ?? 0);
  assert.deepEqual(sorted, [...ids].sort((a, b) => (b % 10) - (a % 10) || b - a));
  assert.deepEqual(await w.rows('SELECT "id" FROM "Things" ORDER BY "id" DESC LIMIT 2;', ['BIGINT']), ['[1999]', '[1998]']);
  assert.deepEqual(await w.rows('SELECT "id" FROM "Things" WHERE "id" < 2 -- two', ['BIGINT']), ['[0]', '[1]']);
  const wide = Array.from({ length: 300 }, (_, i) => i);
  assert.deepEqual(await w.rows(`SELECT ${wide.join()}`, wide.map(() => 'INT')), [JSON.stringify(wide)]);
});

test('a statement must use no parameter that it is not given', async (t) => {
  const w = await started(t);
  const a = await w.post('/query', { db_name: 'SchoolDB', sql: "SELECT '@p7', @p2", result_types: ['NVARCHAR(5)', 'INT'], types: ['INT'], params: [1] });
  assert.deepEqual([a.json.code, a.json.field], ['invalid_field', 'types']);
  for (const name of ['?', '?1', ':x', '$y', '@z', '@p0', '@p01']) {
    const b = await w.post('/query', { db_name: 'SchoolDB', sql: `SELECT ${name}`, result_types: ['INT'], types: ['INT'], params: [1] });
    assert.equal(b.json.code, 'syntax_error', `${name}: ${b.text}`);
  }
  assert.deepEqual(await w.rows("SELECT '@p7', @p1 /* @p9 */", ['NVARCHAR(5)', 'INT'], { types: ['INT', 'INT'], params: [1, 2] }), ['["@p7",1]']);
});

test('a request cannot reach other connections', async (t) => {
  const w = await started(t);
  for (const sql of ['SELECT sd_handle()', 'SELECT SD_INTERRUPT(1)', 'SELECT "hash" FROM "_sd_idempotency"', 'PRAGMA page_size']) {
    const a = await w.post('/query', { db_name: 'SchoolDB', sql, result_types: ['BIGINT'] });
    assert.equal(a.json.code, 'forbidden', `${sql}: ${a.text}`);
  }
});

test('an error of an aggregate is reported, in its step and at its end', async (t) => {
  const w = await started(t);
  for (const [sql, number] of [
    [`SELECT sd_sum(i, 'INT') FROM (SELECT 2147483647 AS i UNION ALL SELECT 1)`, 8115],
    [`SELECT sd_sum(i, 'NOTHING') FROM (SELECT 1 AS i)`, 2715],
  ] as const) {
    const a = await w.post('/query', { db_name: 'SchoolDB', sql, result_types: ['INT'] });
    assert.equal(a.json.sql_number, number, a.text);
  }
});

test('long queries hold up neither short ones nor writes, and end at their time or with their client', async (t) => {
  const w = await started(t);
  const endless = `SELECT COUNT(*) FROM (${numbers(1e15)})`;
  const leaving = new AbortController();
  const abandoned = Promise.all([1, 2, 3].map(() => assert.rejects(w.post('/query', { db_name: 'SchoolDB', sql: endless, result_types: ['BIGINT'] }, leaving.signal))));
  const limited = w.post('/query', { db_name: 'SchoolDB', sql: endless, result_types: ['BIGINT'], timeout_ms: 2000 });
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(await w.rows(`SELECT ${i}`, ['INT']), [`[${i}]`]);
    assert.equal((await w.exec([insert([i, null, null])])).status, 200);
  }
  assert.equal((await limited).json.code, 'shard_timeout');
  leaving.abort();
  await abandoned;
  // More queries that sit in SQLite than there are threads: they can be served only if the
  // abandoned ones have been interrupted.
  const late = await Promise.all(Array.from({ length: 12 }, () => w.post('/query', { db_name: 'SchoolDB', sql: endless, result_types: ['BIGINT'], timeout_ms: 300 })));
  assert.deepEqual([...new Set(late.map((a) => a.json.code))], ['shard_timeout']);
  assert.deepEqual(await w.rows('SELECT 1', ['INT']), ['[1]']);
});

test('requests that share a transaction fail alone', async (t) => {
  const w = await started(t);
  assert.equal((await w.exec([insert([-1, null, null])])).status, 200);
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => w.exec([insert([i, null, null], [i % 5 === 0 ? -1 : 1000 + i, null, null])])));
  assert.deepEqual(answers.map((a) => a.status), Array.from({ length: 200 }, (_, i) => (i % 5 === 0 ? 409 : 200)));
  assert.deepEqual(await w.rows('SELECT COUNT(*) FROM "Things"', ['INT']), ['[321]']);
  const { databases } = (await w.get('/stats')) as { databases: { tables: { rows: number }[] }[] };
  assert.equal(databases[0]?.tables[0]?.rows, 321);
});

test('a large write is decoded elsewhere, and refused by its row and column', async (t) => {
  const w = await started(t);
  const rows = Array.from({ length: 5000 }, (_, i) => [i, `n${i}`, null]);
  const a = await w.exec([insert(...rows.slice(0, 4999), [4999, 'x'.repeat(51), null])]);
  const { code, field, row, column } = a.json;
  assert.deepEqual({ code, field, row, column }, { code: 'value_too_long', field: 'statements[0].rows[4999][1]', row: 4999, column: 'name' });
  assert.equal((await w.exec([insert(...rows)])).status, 200);
  assert.deepEqual(await w.rows('SELECT COUNT(*) FROM "Things"', ['INT']), ['[5000]']);
});

test('terms are bounded', async (t) => {
  const w = await started(t);
  const state = (term: string) => w.post('/state', `{"term":${term},"map_version":1,"leader":"http://127.0.0.1:1","shard":"0/1"}`);
  for (const term of ['9007199254740992', '18446744073709551615']) {
    const { json } = await state(term);
    assert.deepEqual([json.code, json.field], ['invalid_field', 'term']);
  }
  assert.match((await state('9007199254740991')).text, /"term":9007199254740991/);
  const stale = await state('9007199254740990');
  assert.match(stale.text, /"code":"stale_term".*"term":9007199254740991/);
  assert.equal((await w.post('/create-db', { db_name: 'Other', fence })).json.code, 'stale_term');
});

test('memory does not grow with the result', { skip: process.platform !== 'linux' }, async (t) => {
  const w = await started(t);
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${w.child.pid}/status`, 'utf8'))?.[1]) / 1024;
  const scan = async (n: number, pause: number) => {
    const response = await w.open('/query', { db_name: 'SchoolDB', sql: `SELECT i, 'some text of a row that is not short' FROM (${numbers(n)})`, result_types: ['BIGINT', 'NVARCHAR(50)'] });
    let bytes = 0;
    for await (const piece of response.body ?? []) {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, pause)); // a client that stops reading
      bytes += (piece as Uint8Array).length;
    }
    return bytes;
  };
  await scan(300_000, 0);
  const before = resident();
  const bytes = (await scan(2_000_000, 500)) / 2 ** 20;
  const grown = resident() - before;
  assert.ok(bytes > 90 && grown < 60, `${bytes.toFixed()} MiB of rows took ${grown.toFixed()} MiB of memory`);
});

test('a worker stops in time under load, with status 0', async () => {
  for (const how of ['stdin', 'SIGTERM'] as const) {
    const w = await WorkerProcess.start({ WORKER_SHUTDOWN_GRACE: '100ms' });
    await w.create(things, thingColumns);
    const stuck = await w.open('/query', { db_name: 'SchoolDB', sql: numbers(1e15), result_types: ['BIGINT'] });
    const busy = assert.rejects(w.post('/query', { db_name: 'SchoolDB', sql: `SELECT COUNT(*) FROM (${numbers(1e15)})`, result_types: ['BIGINT'] }));
    if (how === 'stdin') w.child.stdin?.end();
    else w.child.kill(how);
    assert.equal(await w.exit(), 0, w.log);
    await busy;
    await assert.rejects(stuck.text()); // cut off, not ended
    assert.ok(!fs.existsSync(`${w.dir}/SchoolDBTEST.db-wal`), 'the log is copied into the file');
    fs.rmSync(w.dir, { recursive: true });
  }
});

test('a bad configuration is refused by name', async () => {
  for (const [env, message] of [
    [{ WORKER_PORT: '99999' }, /WORKER_PORT/], [{ WORKER_PORT: 'x' }, /WORKER_PORT/], [{ MASTER_TOKEN: '' }, /MASTER_TOKEN/], [{ MASTER_TOKEN: 'a b' }, /MASTER_TOKEN/],
    [{ MASTER_TOKEN_FILE: '/nowhere' }, /MASTER_TOKEN/], [{ WORKER_ENGINE: 'x' }, /WORKER_ENGINE/],
    [{ WORKER_DSN: 'sqlserver://x' }, /WORKER_DSN/], [{ WORKER_DB_SUFFIX: '1' }, /WORKER_DB_SUFFIX/], [{ WORKER_NAME: 'a b' }, /WORKER_NAME/],
    [{ WORKER_SHUTDOWN_GRACE: '5' }, /WORKER_SHUTDOWN_GRACE/], [{ LOG_FORMAT: 'xml' }, /LOG_FORMAT/], [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL/],
    [{ EXIT_WITH_PARENT: 'perhaps' }, /EXIT_WITH_PARENT/], [{ WORKER_SQLITE_EXTENSION: '/nowhere.so' }, /make sqliteext/],
  ] as [Record<string, string>, RegExp][]) {
    const w = new WorkerProcess(env);
    assert.equal(await w.exit(), 2, `${JSON.stringify(env)}: ${w.log}`);
    assert.match(w.log, message);
    assert.ok(!w.log.includes(token));
  }
});

test('one process owns a data directory', async (t) => {
  const w = await started(t);
  const second = new WorkerProcess({}, w.dir);
  assert.equal(await second.exit(), 1);
  assert.match(second.log, /in use by another worker/);
});

test('a data directory can change its language', { skip: !process.env.SHARDECK_GO_WORKER && 'SHARDECK_GO_WORKER is not set' }, async (t) => {
  let w = await WorkerProcess.start();
  t.after(() => fs.rmSync(w.dir, { recursive: true }));
  await w.create(things, thingColumns);
  const key = { idempotency: { key: 'k', hash: '0'.repeat(64) } };
  const go = [process.env.SHARDECK_GO_WORKER ?? ''];
  let before: unknown;
  for (const [i, command] of [undefined, go, undefined].entries()) {
    if (i > 0) w = await WorkerProcess.start({}, w.dir, command);
    assert.equal((await w.exec([insert([i, `n${i}`, '0x01'])])).status, 200);
    assert.deepEqual((await w.exec([insert([100, null, null])], key)).json, { rows_affected: [1], ...(i > 0 && { replayed: true }) });
    const { databases } = (await w.get('/stats')) as { databases: { tables: { definition: unknown; rows: number }[] }[] };
    assert.equal(databases[0]?.tables[0]?.rows, i + 2);
    before ??= databases[0].tables[0].definition;
    assert.deepEqual(databases[0].tables[0].definition, before);
    assert.equal((await w.rows(select(''), types)).length, i + 2);
    await w.stop();
  }
});
