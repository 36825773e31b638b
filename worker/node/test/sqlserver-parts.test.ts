// The parts of the engine over SQL Server that need no server.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { Logger } from '../src/log.ts';
import { Problem } from '../src/problem.ts';
import { parseDSN } from '../src/sqlserver/dsn.ts';
import { Failure, Functions } from '../src/sqlserver/functions.ts';
import { Gate, Semaphore, pause } from '../src/sqlserver/gate.ts';
import { ServerHealth } from '../src/sqlserver/health.ts';
import { Server } from '../src/sqlserver/server.ts';
import { WorkerProcess, extension } from './worker.ts';

test('connection strings are read', () => {
  const read = (dsn: string) => {
    const { address, config } = parseDSN(dsn, 3000);
    return { address, user: config.authentication?.options as unknown, ...config.options };
  };
  const plain = read('sqlserver://sa:p%40%3A%2F%3F%23%26%25@db.example.com:1444?database=x');
  assert.deepEqual([plain.address, plain.user, plain.database, plain.port], ['db.example.com:1444', { userName: 'sa', password: 'p@:/?#&%' }, 'x', 1444]);
  assert.deepEqual([plain.encrypt, plain.connectTimeout, plain.appName], [true, 3000, 'shardeck-worker'], 'encrypted unless it says otherwise');
  assert.equal(read('sqlserver://u:p@h').address, 'h:1433');
  assert.equal(read('sqlserver://u:p@[::1]:1433').address, '[::1]:1433');
  const instance = read('sqlserver://u:p@h/SQLEXPRESS?app+name=mine&dial+timeout=1');
  assert.deepEqual([instance.address, instance.instanceName, instance.port, instance.appName, instance.connectTimeout], ['h\\SQLEXPRESS', 'SQLEXPRESS', undefined, 'mine', 1000]);
  for (const [value, want] of [['disable', false], ['true', true], ['mandatory', true], ['strict', 'strict']]) {
    assert.equal(read(`sqlserver://u:p@h?Encrypt=${String(value)}`).encrypt, want);
  }
  const tls = read('sqlserver://u:p@h?trustServerCertificate=true&hostNameInCertificate=n&tlsmin=1.2&certificate=/dev/null');
  assert.deepEqual([tls.trustServerCertificate, tls.serverName, tls.cryptoCredentialsDetails], [true, 'n', { minVersion: 'TLSv1.2', ca: Buffer.alloc(0) }]);
});

test('invalid connection strings are explained and not repeated', () => {
  for (const [dsn, says] of Object.entries({
    '': 'empty', '  ': 'empty', 'hunter2': 'sqlserver://', 'postgres://u:hunter2@h': 'sqlserver://', 'server=h;password=hunter2': 'sqlserver://',
    'sqlserver://u:hunter2@h:port': 'percent-encoded', 'sqlserver://u:hun%ter2@h': 'percent-encoded', 'sqlserver://u:hun/ter2@h': 'percent-encoded',
    'sqlserver://u:12/hunter2@h': 'percent-encoded', 'sqlserver://u:12?hunter2@h': 'percent-encoded', 'sqlserver://u:12#hunter2@h': 'percent-encoded',
    'sqlserver://hunter2@h': 'no user or no password', 'sqlserver://h?trusted_connection=yes': 'trusted_connection',
    'sqlserver://u:hunter2@h?encrypt=hunter2': '"encrypt"', 'sqlserver://u:hunter2@h?encrypt=false': '"encrypt"',
    'sqlserver://u:hunter2@h?connection+timeout=hunter2': '"connection timeout"', 'sqlserver://u:hunter2@h?certificate=/hunter2.pem': '"certificate"',
    'sqlserver://u:hunter2@h?encrypt=true&Encrypt=true': 'more than once', 'sqlserver://u:hunter2@h?encrpyt=hunter2': 'option',
    'sqlserver://u:hunter2@h?constructor=hunter2': 'option', 'sqlserver://u:hunter2@h?applicationintent=ReadOnly': 'applicationintent',
  })) {
    assert.throws(() => parseDSN(dsn, 1), (err: Error) => {
      assert.ok(err.message.includes(says), `${dsn}: ${err.message}`);
      assert.doesNotMatch(err.message, /ter2|hun/i);
      return true;
    });
  }
});

test('a configuration that SQL Server cannot have is refused by name', async () => {
  const dsn = { WORKER_ENGINE: 'sqlserver', WORKER_DSN: 'sqlserver://u:hunter2@127.0.0.1:1?encrypt=disable' };
  for (const [env, code, message] of [
    [{ WORKER_ENGINE: 'sqlserver' }, 2, /WORKER_DSN or WORKER_DSN_FILE/], [{ ...dsn, WORKER_DSN_FILE: '/nowhere' }, 2, /only one/],
    [{ WORKER_ENGINE: 'sqlserver', WORKER_DSN_FILE: '/nowhere' }, 2, /WORKER_DSN_FILE/], [{ ...dsn, WORKER_DB_CONNECTIONS: '1' }, 2, /WORKER_DB_CONNECTIONS/],
    [{ ...dsn, WORKER_DB_WRITE_TIMEOUT: '0' }, 2, /WORKER_DB_WRITE_TIMEOUT/], [{ ...dsn, WORKER_DB_CONNECT_TIMEOUT: 'x' }, 2, /WORKER_DB_CONNECT_TIMEOUT/],
    [{ ...dsn, WORKER_DB_COLLATION: 'a; DROP' }, 2, /WORKER_DB_COLLATION/], [dsn, 1, /127\.0\.0\.1:1 cannot be reached: ECONNREFUSED/],
  ] as [Record<string, string>, number, RegExp][]) {
    const w = new WorkerProcess(env);
    assert.equal(await w.exit(), code, w.log);
    assert.match(w.log, message);
    assert.doesNotMatch(w.log, /hunter2/);
  }
});

test('a server that does not answer is given up on', async (t) => {
  const silent = net.createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as net.AddressInfo;
  const config = { connections: 2, connectTimeout: 100, writeTimeout: 1000, collation: '', server: parseDSN(`sqlserver://u:hunter2@127.0.0.1:${port}`, 100) };
  const server = new Server(config, extension, 'TEST', new Logger('text', 'error'));
  const pool = server.pool();
  const { signal } = new AbortController();
  await assert.rejects(server.run(pool, signal, 'server_version'), (err: Problem) => {
    assert.equal(err.code, 'shard_unavailable');
    assert.match(err.message, /did not answer within 100ms/);
    return true;
  });
  const stopped = server.run(pool, AbortSignal.abort(new Error('stopped')), 'server_version');
  await assert.rejects(stopped, /stopped/);
});

test('a gate lets in many or one, in order', async () => {
  const gate = new Gate();
  const events: string[] = [];
  const enter = (name: string, exclusive = false) => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const work = () => {
      events.push(name);
      return promise;
    };
    const done = exclusive ? gate.exclusive(work) : gate.shared(work);
    return async () => {
      resolve(undefined);
      await done;
    };
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const a = enter('a');
  const b = enter('b');
  const c = enter('c', true);
  const d = enter('d');
  await settle();
  assert.deepEqual(events, ['a', 'b']);
  await a();
  await settle();
  assert.deepEqual(events, ['a', 'b'], 'd does not overtake c, and c waits for b');
  await b();
  await settle();
  assert.deepEqual(events, ['a', 'b', 'c']);
  await c();
  await settle();
  assert.deepEqual(events, ['a', 'b', 'c', 'd']);
  await d();
  await assert.rejects(gate.exclusive(() => Promise.reject(new Error('failed'))), /failed/);
  await gate.exclusive(() => Promise.resolve());
});

test('a semaphore passes its permits on, and forgets who gave up', async () => {
  const s = new Semaphore(1);
  const { signal } = new AbortController();
  const gone = new AbortController();
  await s.acquire(signal);
  const first = s.acquire(gone.signal);
  const second = s.acquire(signal);
  gone.abort(new Error('gone'));
  await assert.rejects(first, /gone/);
  s.release();
  await second;
  s.release();
  await s.acquire(signal);
  await assert.rejects(s.acquire(AbortSignal.abort(new Error('late'))), /late/);
  await assert.rejects(pause(1e6, AbortSignal.abort(new Error('late'))), /late/);
});

test('the functions make calls, read outcomes and keep terms exact', () => {
  const f = new Functions(extension);
  const body = '{"db_name":"d","fence":{"term":3,"map_version":1},"statements":[{"sql":"DELETE FROM [dbo].[T]","table":"T","effect":"delete","schema_version":"v"}]}';
  const plan = f.write(body, '{"suffix":"TEST","now_ms":1700000000000,"ttl_ms":1000}');
  assert.deepEqual([plan.transaction, plan.calls.length], [false, 1]);
  assert.deepEqual(f.answer(body, ['done', 0, 0, '3', '1', '', '', 'v', null, ',2', 0, '']), { rows_affected: [2] });
  const fenced = (term: string) => ['fence', 0, 0, term, '1', 'http://m', '', null, null, '', 50000, 'refused'];
  assert.throws(() => f.answer(body, fenced('9007199254740993')), (err: Failure) => err.code === 'stale_term' && err.data.term === 9007199254740993n && !err.raise);
  assert.throws(() => f.answer(body, fenced('2')), (err: Failure) => err.raise && err.tries > 1);
  assert.throws(() => f.write('{"db":"x"}', '{}'), (err: Failure) => err.code === 'unknown_field' && err.tries === 0);
  const lost = f.error({ phase: 'write', errors: [], loss: 'broken' }, body);
  assert.equal(lost.code, 'outcome_unknown');
  assert.ok(f.error({ phase: 'idle', errors: [{ number: 4060, severity: 11, message: '' }] }).gone);
  // A fault of the program is not a problem of the client.
  assert.throws(() => f.statement('nothing', {}), (err) => !(err instanceof Problem));
  f.close();
});

test('rows are lines of JSON', () => {
  const f = new Functions(extension);
  const line = f.lines(['BIGINT', 'DECIMAL(38,2)', 'BIT', 'FLOAT', 'REAL', 'INT', 'VARBINARY(5)', 'NVARCHAR(5)', 'DATETIME2(7)', 'INT']);
  assert.equal(
    line(['9007199254740993', '0.50', true, 3, 0.10000000149011612, 7, Buffer.from([0, 255]), 'a\0é', '2026-11-22 20:24:00.1234567', null]),
    String.raw`["9007199254740993","0.50",true,3,0.1,7,"0x00FF","a\u0000é","2026-11-22T20:24:00.1234567",null]`,
  );
  const wide = Array.from({ length: 300 }, (_, i) => i);
  assert.equal(f.lines(wide.map(() => 'INT'))(wide), JSON.stringify(wide));
  assert.throws(() => f.lines(['NVARCHAR(MAX)'])(['a'.repeat(17 << 20)]), (err: Problem) => err.code === 'too_complex');
  f.close();
});

test('a server says what is wrong', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let records = [['A', 'ATEST', 'ready'], ['B', 'BTEST', 'ready'], ['C', 'CTEST', 'dropping']];
  let failures: Record<string, Error> = {}; // by statement, or physical name
  let looked = (): void => undefined;
  const answer = (name: string, subject: { physical?: string }) => {
    const failure = failures[name] ?? failures[subject.physical ?? ''];
    if (failure) throw failure;
    return { rows: name === 'running_time' ? [['5000']] : name === 'records' ? records : [[0]], affected: 0 };
  };
  const quiet = { error: () => { looked(); }, info: () => { looked(); } };
  const server = { run: (_: unknown, __: unknown, name: string) => Promise.resolve(answer(name, {})), runOn: (_: unknown, name: string, subject = {}) => Promise.resolve().then(() => answer(name, subject)), logger: quiet };
  const own = { run: (_: unknown, work: (session: unknown) => unknown) => work({ cancel: () => undefined }) };
  const databases = { list: () => Promise.resolve(records.map(([name, physical]) => ({ name, physical }))) };
  const health = await ServerHealth.start(server as never, own as never, databases as never);
  t.after(() => health.close());
  assert.ok(health.ran() >= 5000, 'the running time goes on from the stored one');
  const codes = async () => {
    const changed = new Promise<void>((resolve) => (looked = resolve));
    t.mock.timers.tick(1000);
    await changed;
    const found = health.failures.map((f) => [f.code, f.db_name]);
    await new Promise((resolve) => setImmediate(resolve)); // the next look is scheduled
    return found;
  };
  failures = { records: new Problem('shard_unavailable', 'x') };
  assert.deepEqual(await codes(), [['unreachable', undefined]]);
  failures = {};
  assert.deepEqual(await codes(), []);
  failures = { BTEST: new Failure({ problem: { code: 'internal', detail: 'x', sql_number: 824 } }) };
  assert.deepEqual(await codes(), [['read_failed', 'B']]);
  failures = {};
  assert.deepEqual(await codes(), []);
  records = [];
});
