"""The harnesses by name, their corpora, and what they share."""

from __future__ import annotations

import atexit
import functools
import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

Target = Callable[[bytes], int]

CORPUS: Final = Path(__file__).parent / "corpus"

EXECUTIONS: Final = {
    "keys": 1_000_000,
    "runs": 1_000_000,
    "ignores": 1_000_000,
    "denials": 1_000_000,
    "arns": 1_000_000,
    "policies": 1_000_000,
    "traces": 1_000_000,
    "records": 10_000_000,
}
"""How often `make fuzz` executes each harness; the fastest first."""

_IN_MEMORY: Final = Path("/dev/shm")
"""Linux's folder that is no disk: on a disk, opening a file anew takes longer than reading it as JSON."""


def target_of(name: str) -> Target:
    """The harness of that name. It is imported here, so that atheris can instrument what it imports."""
    target: Target = importlib.import_module(f"fuzz.{name}").target
    return target


def seeds(folder: Path) -> list[bytes]:
    """A corpus, in the order of its files' names."""
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@functools.cache
def _folder() -> Path:
    """Where inputs are written; it is removed when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="tracer-fuzz-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
    atexit.register(folder.cleanup)
    return Path(folder.name)


@functools.cache
def _path(name: str) -> Path:
    return _folder() / name


def written(data: bytes, name: str) -> str:
    """The path of a file that holds `data`; the next call with that name overwrites it."""
    path = _path(name)
    path.write_bytes(data)
    return str(path)


def text_of(data: bytes) -> str:
    """Any bytes as text; what is no UTF-8 becomes lone surrogates, which JSON can spell and no encoder likes."""
    return data.decode("utf-8", "surrogateescape")
