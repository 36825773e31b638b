#!/usr/bin/env bash
# SQLite 3.51 reads many a number's text as the neighbouring double, and 3.53 does not:
# the same literal means two values in two workers with different SQLite libraries.
#
# The numbers below have 15 digits, no more than a double keeps, so that there is one
# right double for each: the nearest, which Python's float finds. Bound as parameters they
# are exact. As text they go wrong, alike as a literal, in CAST and as an element that
# json_each reads, and printing hides it: 15 digits look the same again.
#
# Versions: apsw 3.51.1.0 and 3.53.1.0 from PyPI, each with its own SQLite inside.
# Seen:     spread over all exponents, SQLite 3.51.1 misreads 3855 of 25200 numbers, none
#           between 1e-89 and 1e119; SQLite 3.53.1 misreads none. In 3.51.1 a row inserted
#           as a parameter is not found by the text that SQLite prints for it.
# So:       send a float as a parameter, never within SQL or JSON text, and give all the
#           workers of one cluster the same SQLite.
#
# Exits 0 while this holds, 1 when it has changed. Needs python3 with pip.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for version in 3.51.1.0 3.53.1.0; do
	python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target "$dir/$version" "apsw==$version"
done

cat >"$dir/read.py" <<'PY'
import json
import random
import sys

import apsw

db = apsw.Connection(":memory:")


def one(sql, *values):
    return next(db.execute(sql, values))[0]


rng = random.Random(1)
texts = [
    f"{rng.randrange(1, 10)}.{rng.randrange(10**14):014d}e{exponent:+d}"
    for exponent in range(-310, 309, 10)
    for _ in range(400)
]
texts += [f"{rng.randrange(1, 10)}.{rng.randrange(10**14):014d}e-5" for _ in range(400)]
right = [float(t) for t in texts]
literal = [one("SELECT " + t) for t in texts]
cast = [one("SELECT CAST(? AS REAL)", t) for t in texts]
array = [v for v, in db.execute("SELECT value FROM json_each(?) ORDER BY key", ("[" + ",".join(texts) + "]",))]
bound = [one("SELECT ?", x) for x in right]


def wrong(read):
    return [t for t, x, y in zip(texts, right, read) if x != y]


misread = wrong(literal)
plain = [t for t in misread if 1e-89 < float(t) < 1e119]
db.execute("CREATE TABLE t(v REAL)")
known = 9.04046522706025e-100
db.execute("INSERT INTO t VALUES (?)", (known,))
printed = one("SELECT CAST(v AS TEXT) FROM t")
found = one(f"SELECT count(*) FROM t WHERE v = {printed}")

print(f"SQLite {apsw.sqlitelibversion()}: of {len(texts)} numbers of 15 digits, misread as a literal {len(misread)}, "
      f"by CAST {len(wrong(cast))}, by json_each {len(wrong(array))}, bound {len(wrong(bound))}; "
      f"between 1e-89 and 1e119: {len(plain)}")
print(f"  a row holding {known!r} prints as {printed}; rows equal to that literal: {found}")

if sys.argv[1] == "wrong":
    ok = len(misread) > 1000 and not plain and wrong(cast) == misread == wrong(array) and found == 0
else:
    ok = not misread and not wrong(cast) and not wrong(array) and found == 1
sys.exit(0 if ok and not wrong(bound) else 1)
PY

status=0
PYTHONPATH="$dir/3.51.1.0" python3 "$dir/read.py" wrong || status=1
PYTHONPATH="$dir/3.53.1.0" python3 "$dir/read.py" right || status=1
if [ "$status" = 0 ]; then echo "as described"; else echo "CHANGED: see the head of this script" >&2; fi
exit "$status"
