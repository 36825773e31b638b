// What is wrong with the storage is noticed, reported, and nothing is acknowledged on it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { Connection } from '../src/connection.ts';
import { FenceStore } from '../src/fence.ts';
import { createFile } from '../src/files.ts';
import { Health } from '../src/storage.ts';
import { WriterDatabase } from '../src/writer-database.ts';
import { WorkerProcess, extension, fence, insert, thingColumns, things } from './worker.ts';

const quiet = { error: () => undefined, info: () => undefined };
const file = 'SchoolDBTEST.db';
/** Windows does not remove or move files that are open. */
const unix = { skip: process.platform === 'win32' };

function temporary(t: test.TestContext): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shardeck-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const dir = path.join(root, 'data');
  fs.mkdirSync(dir);
  return dir;
}

/** A database whose clocks the test sets. */
class Rig {
  readonly health = new Health(quiet);
  wall = 1_800_000_000_000;
  running = 0;
  db: WriterDatabase;
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
    createFile(dir, 'SchoolDBTEST', 'SchoolDB', extension);
    this.db = this.open();
  }

  open(): WriterDatabase {
    return (this.db = new WriterDatabase(this.dir, 'SchoolDBTEST', extension, this.health, { now: () => this.wall, running: () => this.running }));
  }

  pass(ms: number): void {
    this.wall += ms;
    this.running += ms;
  }

  /** Runs work in a transaction, as a group does. */
  within<T>(work: () => T): T {
    this.db.own.begin.run();
    const result = work();
    if (this.db.running.isDue) this.db.running.save();
    this.db.prune();
    this.db.commit();
    return result;
  }

  codes(): string[] {
    return this.health.failures().map((f) => f.code);
  }

  records(): number {
    return Number(this.db.conn.get('SELECT count(*) FROM _sd_idempotency')?.[0]);
  }
}

const key = { key: 'k', hash: 'h' };
const [minute, day, year] = [60_000, 86_400_000, 365 * 86_400_000];

for (const [name, jump] of [['forward', year], ['back', -year]] as const) {
  test(`setting the clock ${name} neither removes nor keeps idempotency records`, (t) => {
    const r = new Rig(temporary(t));
    r.within(() => r.db.remember(key, { rows_affected: [1] }));
    r.wall += jump;
    r.pass(day - 1);
    assert.equal(r.within(() => r.db.replay(key))?.replayed, true);
    r.db.close();
    r.wall += jump; // time without a worker does not count
    r.running = 0;
    r.open();
    assert.equal(r.within(() => r.db.replay(key))?.replayed, true);
    r.pass(2 * minute);
    r.within(() => undefined);
    assert.equal(r.records(), 0);
    r.db.close();
  });
}

test('files of earlier versions get a running time', (t) => {
  const r = new Rig(temporary(t));
  r.within(() => r.db.remember(key, { rows_affected: [1] }));
  r.db.close();
  const db = new DatabaseSync(path.join(r.dir, file));
  for (const table of ['_sd_database', '_sd_idempotency']) db.exec(`ALTER TABLE ${table} DROP COLUMN ran`);
  db.close();
  r.wall += year;
  r.open();
  assert.equal(r.within(() => r.db.replay(key))?.replayed, true);
  r.pass(day);
  r.within(() => undefined);
  assert.equal(r.records(), 0);
  r.db.close();
});

test('damaged files are noticed', unix, (t) => {
  for (const damage of [
    (fd: number) => fs.ftruncateSync(fd, 8192),
    (fd: number) => fs.writeSync(fd, Buffer.from('garbage '.repeat(512)), 0, 4096, 0),
  ]) {
    const r = new Rig(temporary(t));
    r.within(() => r.db.conn.db.exec('CREATE TABLE big (a); INSERT INTO big SELECT zeroblob(100000)'));
    r.db.own.checkpoint.all();
    r.db.look();
    assert.deepEqual(r.codes(), []);
    const fd = fs.openSync(r.db.path, 'r+'); // closing it would release SQLite's locks
    damage(fd);
    r.db.look();
    assert.deepEqual(r.codes(), ['damaged']);
    assert.equal(r.db.refusal()?.code, 'storage_failed');
    r.db.close();
    fs.closeSync(fd);
  }
});

test('a log that is cut is noticed', unix, (t) => {
  const r = new Rig(temporary(t));
  r.within(() => r.db.remember(key, { rows_affected: [1] }));
  r.db.look();
  fs.truncateSync(`${r.db.path}-wal`, 4096);
  r.db.look();
  assert.deepEqual(r.codes(), ['damaged']);
  assert.equal(r.db.refusal()?.code, 'storage_failed');
  r.db.close();
});

test('a failed write lasts until a write succeeds, and a failed read until a read does', (t) => {
  const r = new Rig(temporary(t));
  const error = (errcode: number) => Object.assign(new Error('as a test says'), { errcode });
  for (const [code, want] of [[13, 'full'], [8, 'read_only'], [1034, 'write_failed'], [14, 'write_failed']] as const) {
    r.db.noteFailure('write', error(code));
    assert.deepEqual(r.codes(), [want]);
    const blocker = new DatabaseSync(r.db.path);
    blocker.exec('BEGIN IMMEDIATE');
    r.db.conn.db.exec('PRAGMA busy_timeout = 0');
    r.db.look(); // its attempt to write fails
    assert.deepEqual(r.codes(), [want]);
    blocker.exec('ROLLBACK');
    blocker.close();
    r.db.look();
    assert.deepEqual(r.codes(), []);
  }
  r.db.noteFailure('read', error(266));
  assert.deepEqual(r.codes(), ['read_failed']);
  r.db.look();
  assert.deepEqual(r.codes(), []);
  r.db.noteFailure('read', error(11));
  r.db.look();
  assert.deepEqual(r.codes(), ['damaged']);
  r.db.close();
});

test('closing leaves the files of a restored directory alone', unix, (t) => {
  const r = new Rig(temporary(t));
  r.within(() => r.db.remember(key, { rows_affected: [1] }));
  fs.cpSync(r.dir, `${r.dir}.new`, { recursive: true });
  fs.renameSync(r.dir, `${r.dir}.old`);
  fs.renameSync(`${r.dir}.new`, r.dir);
  r.db.close();
  assert.equal(fs.existsSync(path.join(r.dir, `${file}-wal`)), true);
  r.open();
  assert.equal(r.records(), 1);
  r.db.close();
});

test('a lost state refuses every change', unix, (t) => {
  const dir = temporary(t);
  const health = new Health(quiet);
  const state = path.join(dir, '_state.db');
  const store = new FenceStore(state, extension, health.add(''));
  store.update({ term: 1n, map_version: 1n, leader: 'http://a', shard: '0/1' });
  fs.renameSync(state, `${state}.old`);
  for (const term of [2n, 3n]) {
    assert.throws(() => store.update({ term, map_version: 1n, leader: 'http://a', shard: '0/1' }), { message: /storage_failed/ });
  }
  assert.deepEqual(health.failures().map((f) => [f.code, f.db_name]), [['removed', undefined]]);
  store.close();
});

test('a stored term beyond the greatest is reported as it is', (t) => {
  const state = path.join(temporary(t), '_state.db');
  new FenceStore(state, extension, new Health(quiet).add('')).close();
  const db = new DatabaseSync(state);
  db.exec('UPDATE state SET term = -1'); // 64 bits without a sign, by an earlier version
  db.close();
  const store = new FenceStore(state, extension, new Health(quiet).add(''));
  assert.equal(store.state.term, 18446744073709551615n);
  store.close();
});

test('a directory without a suffix on record adopts that of its files', (t) => {
  const dir = temporary(t);
  const state = path.join(dir, '_state.db');
  const open = (suffix: string, comply: () => void) => {
    const store = new FenceStore(state, extension, new Health(quiet).add(''));
    try {
      store.adoptSuffix(suffix, comply);
    } finally {
      store.close();
    }
  };
  assert.throws(() => open('X', () => { throw new Error('SchoolDBTEST.db'); }), /SchoolDBTEST/);
  open('TEST', () => undefined);
  assert.throws(() => open('X', () => undefined), /WORKER_DB_SUFFIX=TEST/);
  open('TEST', () => assert.fail('it is on record'));
});

test('a worker whose file cannot grow says so, and recovers', { skip: process.platform !== 'linux' }, async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'shardeck-'));
  // The limit is in blocks of 512 bytes or 1 KiB; the shared memory beside the log takes 32 KiB.
  const w = await WorkerProcess.start({}, dir, ['sh', '-c', `trap '' XFSZ; ulimit -S -f 200; exec "$0" "$1"`, process.execPath, path.join(import.meta.dirname, '../start.js')]);
  t.after(async () => {
    await w.stop();
    fs.rmSync(dir, { recursive: true });
  });
  await w.create(things, thingColumns);
  const row = (id: number) => [id, 'x'.repeat(50), null];
  let answer = await w.exec([insert(row(0))]);
  for (let id = 1; answer.status === 200 && id < 100_000; id += 500) answer = await w.exec([insert(...Array.from({ length: 500 }, (_, i) => row(id + i)))]);
  assert.notEqual(answer.status, 200);
  const health = await w.get('/health');
  assert.equal(health.status, 'failing');
  assert.ok(['full', 'write_failed'].includes((health.storage as { code: string }).code), JSON.stringify(health));
  const stats = await w.get('/stats');
  assert.equal((stats.storage as { db_name: string }[])[0]?.db_name, 'SchoolDB');
});

test('a term is logged when it changes', async (t) => {
  const w = await WorkerProcess.start();
  t.after(() => fs.rmSync(w.dir, { recursive: true }));
  const said = (of: WorkerProcess) => of.log.split('a master holds the term').length - 1;
  const claim = { ...fence, leader: 'http://127.0.0.1:1', shard: '0/1' };
  for (const up of [claim, claim, { ...claim, term: 2 }, { ...claim, term: 2 }]) assert.equal((await w.post('/state', up)).status, 200);
  await w.stop();
  assert.equal(said(w), 2, w.log);
  const again = await WorkerProcess.start({}, w.dir);
  assert.equal((await again.post('/state', { ...claim, term: 2 })).status, 200);
  await again.stop();
  assert.equal(said(again), 0, again.log);
});

test('a new database spares the file of another', async (t) => {
  const dir = temporary(t);
  createFile(dir, 'ATEST', 'A', extension);
  const before = fs.statSync(path.join(dir, 'ATEST.db')).ino;
  const w = await WorkerProcess.start({}, dir);
  const a = await w.post('/create-db', { db_name: 'a', fence });
  assert.equal(a.json.code, 'database_exists');
  await w.stop();
  assert.equal(fs.statSync(path.join(dir, 'ATEST.db')).ino, before);
  assert.ok(Connection.probe(path.join(dir, 'ATEST.db'), (c) => c.get('SELECT 1')));
});
