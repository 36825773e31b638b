// An UPDATE of several rows that changes a column of a PRIMARY KEY or UNIQUE constraint. T-SQL
// checks uniqueness at the end of the statement, SQLite at every row: shifting the keys 1, 2, 3 by
// one meets a key that is about to move away. So if SQLite reports a duplicate, the UPDATE is run
// again in two steps:
//
//  1. A temporary trigger writes the new version of each row into a temporary table, and skips the
//     change itself. SQLite evaluates the statement's own text, which need not be parsed here.
//  2. Those rows are deleted and their new versions inserted, under their old rowids unless the
//     rowid is itself the key. What is still a duplicate then is a real one.
import { quoteName, type Connection } from './connection.ts';
import { primaryCode, sqlite } from './errors.ts';
import { Problem } from './problem.ts';

// No client's name can contain a colon.
const table = '"sd:rekey"';
const trigger = '"sd:rekey_row"';

/** Bounds the temporary table, which is in memory: 64 MiB of pages of 4 KiB. */
const maxPages = 16 << 10;

/** Returns the number of rows changed. A refusal leaves no trace; `lost` is for a failed rollback. */
export function rekey(conn: Connection, name: string, duplicate: unknown, run: () => number, lost: (err: unknown) => Error): number {
  const end = (sql: string) => {
    if (!conn.db.isTransaction) return;
    try {
      conn.db.exec(sql);
    } catch (err) {
      throw lost(err);
    }
  };
  conn.db.exec('SAVEPOINT rekey');
  try {
    const n = moveRows(conn, name, run);
    if (n === 0) throw duplicate as Error; // the duplicate was not in a row of this table
    end('RELEASE rekey');
    return n;
  } catch (err) {
    end('ROLLBACK TO rekey; RELEASE rekey');
    throw err;
  }
}

function moveRows(conn: Connection, tableName: string, run: () => number): number {
  const name = `main.${quoteName(tableName)}`;
  const info = conn.all(`SELECT name, pk, type = 'INTEGER' COLLATE NOCASE FROM pragma_table_info(${JSON.stringify(tableName).replaceAll('"', "'")}, 'main')`);
  const columns = info.map(([column]) => quoteName(String(column)));
  const keys = info.filter(([, pk]) => Number(pk) > 0);
  const isRowID = keys.length === 1 && keys[0]?.[2] === 1n;
  const kept = columns.map((_, i) => `c${i}`).join(', '); // without a type they store values unchanged
  conn.db.exec('PRAGMA temp.auto_vacuum = FULL'); // frees the memory once the table is dropped
  conn.db.exec(`PRAGMA temp.max_page_count = ${maxPages}`);
  conn.db.exec(`CREATE TEMP TABLE ${table} (id INTEGER PRIMARY KEY, ${kept})`);
  conn.db.exec(`CREATE TEMP TRIGGER ${trigger} BEFORE UPDATE ON ${name} BEGIN
    INSERT INTO ${table} VALUES (OLD._rowid_, ${columns.map((c) => `NEW.${c}`).join(', ')}); SELECT RAISE(IGNORE); END`);
  try {
    run();
  } catch (err) {
    if (primaryCode(err) !== sqlite.full || !conn.db.isTransaction) throw err;
    throw new Problem(
      'too_complex',
      `the rows whose keys the UPDATE moves need more than ${(maxPages * 4) / 1024} MiB of memory to check uniqueness at its end; nothing was changed`,
      { hint: 'change fewer rows at a time, with a narrower WHERE' },
    );
  }
  conn.db.exec(`DROP TRIGGER temp.${trigger}`);
  conn.db.exec(`DELETE FROM ${name} WHERE _rowid_ IN (SELECT id FROM temp.${table})`);
  const [into, from] = isRowID ? [columns.join(', '), kept] : [`_rowid_, ${columns.join(', ')}`, `id, ${kept}`];
  const { changes } = conn.db.prepare(`INSERT INTO ${name} (${into}) SELECT ${from} FROM temp.${table} ORDER BY id`).run();
  conn.db.exec(`DROP TABLE temp.${table}`);
  return Number(changes);
}
