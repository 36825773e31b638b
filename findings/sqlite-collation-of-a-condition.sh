#!/usr/bin/env bash
# In SQLite a COLLATE in the condition of a CASE decides how the CASE's result is compared.
#
# The documentation says that a comparison uses the collation of an operand with a postfix COLLATE
# operator, or else that of an operand that is a column. An operand also counts as having one if a
# COLLATE is anywhere within it, such as in a condition of strings whose result is a date or a number
# kept as text: the collation of those strings is then used for these values, in comparisons, ORDER BY,
# DISTINCT and GROUP BY, and the column's own is not.
#
# Versions: apsw 3.53.1.0 from PyPI, with its own SQLite inside.
# Seen:     amounts kept as text, in a column with a collation that compares them as numbers, are
#           compared as text as soon as the other side is a CASE whose condition has a COLLATE: 10 is
#           not more than 7. ORDER BY such a CASE sorts its strings without regard to case.
# So:       give the left operand of a comparison a COLLATE of its own whenever either operand has one
#           within it, and likewise what is sorted; COLLATE BINARY where the default is meant.
#
# Exits 0 while this holds, 1 when it has changed. Needs python3 with pip.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target "$dir" apsw==3.53.1.0

cat >"$dir/compare.py" <<'PY'
import sys
from decimal import Decimal

import apsw

db = apsw.Connection(":memory:")


def numeric(a, b):
    a, b = Decimal(a), Decimal(b)
    return (a > b) - (a < b)


db.create_collation("amount", numeric)
db.execute("CREATE TABLE t (name TEXT, due TEXT COLLATE amount)")
db.execute("INSERT INTO t VALUES ('a', '10'), ('B', '8'), ('c', '9')")


def rows(sql):
    return [v for v, in db.execute(sql)]


where = "SELECT due FROM t WHERE {} > CASE WHEN name {} = 'x' THEN due ELSE '7' END ORDER BY rowid"
order = "SELECT name FROM t ORDER BY CASE WHEN name {} = 'x' THEN '0' ELSE name END"
seen = {
    "compared": rows(where.format("due", "")),
    "compared, with COLLATE in the condition": rows(where.format("due", "COLLATE NOCASE")),
    "the same, with COLLATE on the left": rows(where.format("due COLLATE amount", "COLLATE NOCASE")),
    "sorted": rows(order.format("")),
    "sorted, with COLLATE in the condition": rows(order.format("COLLATE NOCASE")),
}
print("SQLite", apsw.sqlitelibversion())
for what, values in seen.items():
    print(f"  {what}: {values}")
every = ["10", "8", "9"]
want = [every, ["8", "9"], every, ["B", "a", "c"], ["a", "B", "c"]]
sys.exit(0 if list(seen.values()) == want else 1)
PY

if PYTHONPATH="$dir" python3 "$dir/compare.py"; then
	echo "as described"
else
	echo "CHANGED: see the head of this script" >&2
	exit 1
fi
