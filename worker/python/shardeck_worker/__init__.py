"""A Shardeck worker in Python: Flask on waitress, over embedded SQLite."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from re import MULTILINE, search


def _version() -> str:
    """Read the version from pyproject.toml, its one place, installed or not."""
    project = Path(__file__).parent.parent / "pyproject.toml"
    if project.is_file():
        found = search(r'^version = "(.+)"$', project.read_text(encoding="utf-8"), MULTILINE)
        if found:
            return found[1]
    try:
        return version("shardeck-worker")
    except PackageNotFoundError:
        return "unknown"


VERSION = _version()
