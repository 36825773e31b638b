"""Files as they were opened (worker/engine/sqlite/files.go).

SQLite goes on working with a file that was removed or replaced, and would acknowledge writes that
are gone with the process.

Files are only ever examined by path: opening and closing one, other than through SQLite, would
release all locks that SQLite has on it in this process.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from shardeck_worker.sqlite.connection import LOG_LIMIT
from shardeck_worker.storage import Store


class Moved(OSError):
    """A file is not the one that was opened."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not the file that was opened")
        self.path = path


class Shrunk(OSError):
    """A part of a file is gone."""

    def __init__(self, path: str, size: int, had: int) -> None:
        super().__init__(f"{path} has {size} bytes, and had {had}")
        self.path = path


class OpenedFile:
    """A file that has to stay in place.

    It can shrink by itself to the limit of its size, at most; by default to nothing.
    """

    def __init__(self, path: Path | str, size_limit: float = 0) -> None:
        self.path = os.fspath(path)
        self._size_limit = size_limit
        found = os.stat(self.path)
        self._identity = (found.st_dev, found.st_ino)
        self._largest = found.st_size

    def check(self) -> None:
        had = self._largest  # before it is examined, as others may see it grow meanwhile
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            raise Moved(self.path) from None
        if (found.st_dev, found.st_ino) != self._identity:
            raise Moved(self.path)
        if found.st_size < min(had, self._size_limit):
            raise Shrunk(self.path, found.st_size, had)
        self._largest = max(self._largest, found.st_size)


class OpenedFiles:
    """Files that have to stay in place, and whole."""

    def __init__(self, *files: OpenedFile) -> None:
        self._files = files

    def check(self) -> None:
        """Raise Moved or Shrunk unless all is well; another OSError if that is unknown."""
        for file in self._files:
            file.check()

    def check_place(self, store: Store) -> None:
        """Check the files, and shut their store if they are not in place or not whole."""
        try:
            self.check()
        except Moved as err:
            store.shut("place", "removed", err.path, err)
            raise
        except Shrunk as err:
            store.shut("content", "damaged", err.path, err)
            raise
        except OSError as err:
            store.fail("read", "read_failed", self._files[0].path, err)
            raise


def opened_database(path: Path) -> OpenedFiles:
    """Note a database's file, which never shrinks by itself, and its log.

    Nothing vacuums the file, and a checkpoint only adds to it. The log exists since the first read.
    """
    return OpenedFiles(OpenedFile(path, math.inf), OpenedFile(f"{path}-wal", LOG_LIMIT))
