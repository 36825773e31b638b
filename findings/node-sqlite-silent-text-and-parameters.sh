#!/usr/bin/env bash
# node:sqlite runs the first statement of a text and drops the rest without a word, and a
# parameter that gets no value is NULL: a mistake in either is a wrong answer, not an error.
#
# prepare() of 'UPDATE ...; UPDATE ...' gives a statement that is the first UPDATE. better-sqlite3,
# whose interface it resembles, throws "The supplied SQL string contains more than one
# statement", and for a parameter without a value "Missing named parameter". In node:sqlite
# the unknown name in what is bound is an error, but not the missing one in the text, and no
# property of a statement lists its parameters.
#
# Version: Node.js 24.21.0 (its SQLite is 3.53.4), from the package node of npm.
# Seen:    the second UPDATE never runs; WHERE @from IS NULL OR id >= @from without @from
#          deletes every row; binding { form: 2 } is refused.
# So:      compare sourceSQL with the text that was prepared, and count the parameters.
#
# Exits 0 while this holds, 1 when it has changed. Needs npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --loglevel=error node@24.21.0 >/dev/null

cat >main.mjs <<'JS'
import assert from 'node:assert';
import { DatabaseSync } from 'node:sqlite';

const db = new DatabaseSync(':memory:');
db.exec('CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, \'old\'), (2, \'old\')');
const values = () => db.prepare('SELECT v FROM t ORDER BY id').all().map((row) => row.v);

const text = "UPDATE t SET v = 'new' WHERE id = 1; UPDATE t SET v = 'new' WHERE id = 2";
const statement = db.prepare(text);
statement.run();
console.log('after both UPDATEs:', values().join(', '));
assert.deepEqual(values(), ['new', 'old']);
console.log('sourceSQL:', statement.sourceSQL);
assert.equal(statement.sourceSQL, text.slice(0, text.indexOf(';') + 1));

const remove = db.prepare('DELETE FROM t WHERE @from IS NULL OR id >= @from');
assert.throws(() => remove.run({ form: 2 }), /Unknown named parameter/);
const { changes } = remove.run();
console.log('rows deleted without @from:', changes);
assert.equal(changes, 2);
JS
node_modules/.bin/node --no-warnings main.mjs
