"""Structured logs on standard error, as text (key=value) or JSON.

A record's further members are given as logger.info("...", extra={"fields": {...}}).
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_LEVELS = {"WARNING": "WARN", "CRITICAL": "ERROR"}


def _members(record: logging.LogRecord) -> dict[str, object]:
    members: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": _LEVELS.get(record.levelname, record.levelname),
        "msg": record.getMessage(),
    }
    members.update(getattr(record, "fields", {}))
    if record.exc_info:
        members["stack"] = logging.Formatter().formatException(record.exc_info)
    return members


class JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_members(record), default=str)


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{name}={_quoted(value)}" for name, value in _members(record).items())


def _quoted(value: object) -> str:
    text = str(value)
    plain = text.isascii() and text.isprintable() and not set(text) & set(' "=')
    return text if text and plain else json.dumps(text)


def configure(form: str, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel({"warn": "WARNING"}.get(level, level.upper()))
    # The server reports clients that left, which is not news, and its faults as errors.
    logging.getLogger("waitress").setLevel(logging.ERROR)
