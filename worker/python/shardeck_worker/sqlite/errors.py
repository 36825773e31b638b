"""From SQLite's errors to problems (worker/engine/sqlite/errors.go)."""

from __future__ import annotations

import json
import logging
import re

import apsw

from shardeck_worker.problem import Problem, numbered
from shardeck_worker.sqlite.connection import MAX_LENGTH
from shardeck_worker.storage import Kind, Store, storage_failed

log = logging.getLogger(__name__)

# The reasons of the extension's errors (docs/sqlite-dialect.md).
_REASONS = {
    "too long": "value_too_long",
    "out of range": "out_of_range",
    "conversion failed": "conversion_failed",
    "divide by zero": "divide_by_zero",
    "invalid argument": "invalid_field",
    "unsupported": "unsupported",
    "too complex": "too_complex",
}
_PREFIX = "shardeck: "
_CHECK = re.compile(r"ck_(\d{1,9})_(.+)", re.DOTALL)

DUPLICATES = frozenset(
    {
        apsw.SQLITE_CONSTRAINT_UNIQUE,
        apsw.SQLITE_CONSTRAINT_PRIMARYKEY,
        apsw.SQLITE_CONSTRAINT_ROWID,
    }
)


_READS = frozenset({apsw.SQLITE_IOERR_READ, apsw.SQLITE_IOERR_SHORT_READ})


class Lost(Exception):
    """SQLite has rolled back the transaction by itself, or its end failed."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"the transaction was rolled back: {cause}")
        self.cause = cause


def _extended(err: apsw.Error) -> int:
    """Return SQLite's extended result code, an attribute that apsw's types do not declare."""
    return int(getattr(err, "extendedresult", 0))


def is_duplicate(err: Exception) -> bool:
    return isinstance(err, apsw.ConstraintError) and _extended(err) in DUPLICATES


def value_problem(err: apsw.Error) -> Problem | None:
    """Return the problem of a value that the extension refused."""
    text = str(err)
    if not text.startswith(_PREFIX):
        return None
    try:
        refusal = json.loads(text[len(_PREFIX) :])
        code = _REASONS[refusal["reason"]]
    except (ValueError, KeyError, TypeError):
        return None
    return Problem(
        code, refusal["detail"], refusal.get("hint", ""), sql_number=refusal["sql_number"]
    )


def statement_problem(err: Exception) -> Exception:
    """Return the problem of a statement that SQLite refused; other errors as they are."""
    if not isinstance(err, apsw.Error):
        return err
    if refused := value_problem(err):
        return refused
    if isinstance(err, apsw.ConstraintError):
        return _constraint_problem(err) or err
    if isinstance(err, apsw.TooBigError):
        return Problem(
            "value_too_long",
            f"a row or value of the statement has more than {MAX_LENGTH} bytes",
            "use shorter values",
        )
    if isinstance(err, apsw.AuthError):
        return Problem(
            "forbidden",
            "the statement accesses more than its table",
            "transactions, PRAGMA, ATTACH and tables whose names begin with an underscore are"
            " the worker's own",
        )
    if isinstance(err, apsw.SQLError | apsw.RangeError | apsw.BindingsError):
        return Problem("syntax_error", f"SQLite cannot run the statement: {err}")
    return err


def _constraint_problem(err: apsw.ConstraintError) -> Problem | None:
    """Find out which constraint failed, which SQLite says only in its message."""
    what = str(err).partition("constraint failed: ")[2]
    if _extended(err) in DUPLICATES:
        columns = [name.partition(".")[2] for name in what.split(", ")]
        return numbered(
            2627,
            f"another row already has this value of {', '.join(columns)}",
            "choose another value, or update the existing row",
            column=columns[0] if len(columns) == 1 else "",
        )
    if _extended(err) == apsw.SQLITE_CONSTRAINT_NOTNULL:
        column = what.partition(".")[2]
        return numbered(
            515, f"{column} cannot be NULL", f"send a value for {column}", column=column
        )
    if _extended(err) == apsw.SQLITE_CONSTRAINT_CHECK:
        if named := _CHECK.fullmatch(what):
            column = named[2]
            return numbered(
                int(named[1]), f"the value of {column} does not fit its type", column=column
            )
        return numbered(547, f"the row conflicts with the constraint {what}")
    if _extended(err) == apsw.SQLITE_CONSTRAINT_DATATYPE:
        return numbered(8114, "a value does not have its column's type")
    return None


def note_failure(store: Store, kind: Kind, path: str, err: Exception) -> None:
    """Record what an error says about the storage. kind is what was being done."""
    if isinstance(err, apsw.FullError):
        store.fail("write", "full", path, err)
    elif isinstance(err, apsw.ReadOnlyError):
        store.fail("write", "read_only", path, err)
    elif isinstance(err, apsw.CorruptError | apsw.NotADBError):
        store.fail("content", "damaged", path, err)
    elif isinstance(err, apsw.IOError | apsw.CantOpenError):
        if _extended(err) == apsw.SQLITE_IOERR_NOMEM:
            return
        if kind == "read" or _extended(err) in _READS:
            store.fail("read", "read_failed", path, err)
        else:
            store.fail("write", "write_failed", path, err)


def storage_problem(
    err: Exception, store: Store | None = None, kind: Kind = "write", path: str = ""
) -> Exception:
    """Return the problem of a storage failure, which it records and logs: nothing was changed."""
    if isinstance(err, Problem):
        return err
    if store is not None:
        note_failure(store, kind, path, err)
    log.error("storage failure", extra={"fields": {"error": repr(err)}})
    if isinstance(err, apsw.FullError):
        return Problem(
            "shard_unavailable",
            "the worker's disk is full",
            "free space on the worker's disk and send the request again",
        )
    if isinstance(err, apsw.BusyError | apsw.NoMemError):
        return Problem("overloaded", "the database is busy", "send the request again")
    if isinstance(err, apsw.IOError | apsw.CantOpenError):
        return Problem(
            "shard_unavailable",
            "the worker cannot read or write its disk",
            "check the worker's log and its disk",
        )
    if isinstance(err, apsw.ReadOnlyError):
        return Problem(
            "shard_unavailable",
            "the worker's file is read-only",
            "make the worker's data directory writable and send the request again",
        )
    if isinstance(err, apsw.CorruptError | apsw.NotADBError):
        return storage_failed("damaged")
    return err


def commit_problem(err: Exception, store: Store, path: str) -> Exception:
    """Return the problem for the requests of a group whose COMMIT failed.

    A full disk is detected before the frame that commits is written, and the same holds for a
    lock that could not be had. After any other failure the frames may or may not reappear at the
    next recovery, or the files are not those that are found then.
    """
    if isinstance(err, apsw.FullError | apsw.BusyError):
        return storage_problem(err, store, "write", path)
    note_failure(store, "write", path, err)
    log.error(
        "commit failed; the outcome of its writes is unknown",
        extra={"fields": {"error": repr(err)}},
    )
    return Problem(
        "outcome_unknown",
        "the worker could not make the write durable; it may or may not have been applied",
        "read the rows to see, or send the request again with the same Idempotency-Key",
    )
