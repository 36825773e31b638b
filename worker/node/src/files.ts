// The files of a data directory, which workers in all languages lay out alike.
import fs from 'node:fs';
import path from 'node:path';
import { Connection } from './connection.ts';

const extension = '.db';
const format = 1;

/** The file of the worker's state. No database has this name, as names begin with a letter. */
export const stateFile = `_state${extension}`;

// clock.ts explains the columns ran, which files of earlier versions lack.
const ownTables = [
  'CREATE TABLE _sd_database (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, format INTEGER NOT NULL, ran INTEGER NOT NULL DEFAULT 0)',
  'CREATE TABLE _sd_tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL, rows INTEGER NOT NULL CHECK (rows >= 0)) WITHOUT ROWID',
  `CREATE TABLE _sd_idempotency (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, response TEXT NOT NULL, at INTEGER NOT NULL,
    ran INTEGER NOT NULL DEFAULT 0)`,
];

/** The file of a physical database. */
export const fileOf = (dir: string, physical: string): string => path.join(dir, physical + extension);

/** The physical databases of a directory. */
export function listDatabases(dir: string): string[] {
  return fs.readdirSync(dir)
    .filter((f) => f.endsWith(extension) && f !== stateFile)
    .map((f) => f.slice(0, -extension.length))
    .sort();
}

/** Creates the file of a database, with the worker's own tables. */
export function createFile(dir: string, physical: string, name: string, sqliteExtension: string): void {
  const conn = Connection.open(fileOf(dir, physical), sqliteExtension, 1024);
  try {
    for (const sql of ['BEGIN IMMEDIATE', ...ownTables]) conn.db.exec(sql);
    conn.get('INSERT INTO _sd_database (id, name, format) VALUES (1, ?, ?)', name, BigInt(format));
    conn.db.exec('COMMIT');
  } finally {
    conn.close();
  }
  syncDirectory(dir);
}

/** The logical name of the database in an open file. */
export function readName(conn: Pick<Connection, 'get'>): string {
  let found;
  try {
    found = conn.get('SELECT name, format FROM _sd_database WHERE id = 1');
  } catch (err) {
    throw new Error('the file is not a database of a worker', { cause: err });
  }
  if (!found) throw new Error('the file is not a database of a worker');
  if (Number(found[1]) !== format) throw new Error(`the file has format ${String(found[1])}; this version requires format ${format}`);
  return String(found[0]);
}

export function removeFiles(dir: string, physical: string): void {
  for (const suffix of ['-wal', '-shm', '-journal', '']) fs.rmSync(fileOf(dir, physical) + suffix, { force: true });
  syncDirectory(dir);
}

/** The size in bytes of a database's file and its log. */
export function sizeOf(dir: string, physical: string): number {
  const file = fileOf(dir, physical);
  return [file, `${file}-wal`].reduce((n, f) => n + (fs.statSync(f, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Makes the creation or removal of files durable, on operating systems that support it. */
function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return;
  const fd = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
