"""Files as they were opened (worker/engine/sqlite/files.go).

SQLite goes on working with a file that was removed or replaced, and would acknowledge writes that
are gone with the process.

Files are only ever examined by path: opening and closing one, other than through SQLite, would
release all locks that SQLite has on it in this process.
"""

from __future__ import annotations

import os
from pathlib import Path

from shardeck_worker.storage import Store


class Moved(OSError):
    """A file is not the one that was opened."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not the file that was opened")
        self.path = path


class OpenedFiles:
    """Files that have to stay in place."""

    def __init__(self, *paths: Path | str) -> None:
        self._opened = [(os.fspath(path), _identity(os.fspath(path))) for path in paths]

    def check(self) -> None:
        """Raise Moved unless all files are in place; another OSError if that is unknown."""
        for path, identity in self._opened:
            try:
                found = _identity(path)
            except (FileNotFoundError, NotADirectoryError):
                raise Moved(path) from None
            if found != identity:
                raise Moved(path)

    def check_place(self, store: Store) -> None:
        """Check the files, and shut their store if they are not in place."""
        try:
            self.check()
        except Moved as err:
            store.shut("place", "removed", err.path, err)
            raise
        except OSError as err:
            store.fail("read", "read_failed", self._opened[0][0], err)
            raise


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino
