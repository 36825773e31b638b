#!/usr/bin/env bash
# In better-sqlite3, safeIntegers() on a statement does not reach the JavaScript functions
# that the statement calls: a BIGINT changes its value and its type on the way through one.
#
# A statement with safeIntegers() reads 9007199254740993 (2^53 + 1) exactly, as a BigInt.
# A function or an aggregate that only hands its argument back, called by that very
# statement, is given a JavaScript number, already rounded, and what it returns is a REAL.
# It follows the setting of the database at the time when it was registered, so that
# defaultSafeIntegers(true) later on changes nothing for it.
#
# Version: better-sqlite3 12.11.1 from npm (its SQLite is 3.53.2).
# Seen:    same(9007199254740993) is 9007199254740992, of type real, and compares as unequal
#          to its argument; an UPDATE through it stores other keys. Small numbers keep
#          their value but not their type: same(7) / 2 is 3.5, same(7) || '' is '7.0'.
#          Registered after defaultSafeIntegers(true), or with {safeIntegers: true}, the
#          function keeps both.
# So:      set defaultSafeIntegers(true) before registering anything.
#
# Exits 0 while this holds, 1 when it has changed. Needs node and npm, and a C++ compiler
# where no prebuilt binary can be had.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --loglevel=error better-sqlite3@12.11.1 >/dev/null

cat >main.js <<'JS'
const assert = require('node:assert');
const Database = require('better-sqlite3');

const db = new Database(':memory:');
db.function('same', (x) => x);
db.aggregate('newest', { step: (total, next) => next });
db.function('same_declared', { safeIntegers: true }, (x) => x);
db.exec('CREATE TABLE t(v INTEGER PRIMARY KEY); INSERT INTO t VALUES (9007199254740993)');

const row = (sql) => db.prepare(sql).safeIntegers().raw().get();
function shows(sql, ...seen) {
  const got = row(sql);
  console.log(sql, '->', got);
  assert.deepStrictEqual(got, seen);
}

console.log('better-sqlite3', require('better-sqlite3/package.json').version, 'SQLite', db.prepare('SELECT sqlite_version()').pluck().get());

try {
  shows('SELECT v, typeof(v) FROM t', 9007199254740993n, 'integer');
  shows('SELECT same(v), typeof(same(v)), same(v) = v FROM t', 9007199254740992, 'real', 0n);
  shows('SELECT newest(v), typeof(newest(v)) FROM t', 9007199254740992, 'real');
  shows("SELECT same(7), same(7) / 2, same(7) || ''", 7, 3.5, '7.0');
  shows('SELECT same_declared(v), same_declared(v) = v FROM t', 9007199254740993n, 1n);

  db.defaultSafeIntegers(true);
  db.function('same_later', (x) => x);
  console.log('after defaultSafeIntegers(true):');
  shows('SELECT same(v), typeof(same(v)) FROM t', 9007199254740992, 'real');
  shows('SELECT same_later(v), same_later(v) = v FROM t', 9007199254740993n, 1n);

  db.exec('UPDATE t SET v = same(v)');
  console.log('after UPDATE t SET v = same(v):');
  shows('SELECT v, typeof(v) FROM t', 9007199254740992n, 'integer');
  console.log('as described');
} catch (e) {
  console.error(e.message);
  console.error('CHANGED: see the head of this script');
  process.exit(1);
}
JS
node main.js
