"""`Cache`: what was fetched from a bucket, kept on disk, so that no object is fetched twice.

A trail's log files never change once they are delivered, so nothing is ever asked again. An entry's name is made of
bucket, key and ETag, so that an object that was replaced all the same is another entry; and an entry counts only where
it has the size that the listing told. It is written under a temporary name and moved to its own when it is whole:
whoever is killed in between leaves a file that nobody takes for an entry, and that a later run sweeps away. Two runs
may share a cache: they may fetch one object each, and whole files replace each other.

Log files tell what people do, so the files, and the folders that are made, are their owner's alone. Nothing is ever
thrown away: `rm -r` the folder to get the room back.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracer.errors import CollectError

OWNER_ONLY: Final = 0o700

LEFT_BEHIND: Final = 24 * 60 * 60.0
"""Seconds after which an unfinished file is nobody's any more."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells it; a `size` of None is not known, and not checked."""

    bucket: str
    key: str
    etag: str
    size: int | None

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class WholeFiles:
    """Files below a folder, each there in whole or not at all.

    Args:
        folder: where they are; it is made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unfinished = folder / "unfinished"
        self._is_ready = False

    def write(self, path: Path, chunks: Iterable[bytes]) -> None:
        """Write a file below the folder; what `chunks` raises is raised, and nothing is written then.

        Raises:
            CollectError: it cannot be written: the disk is full, or the folder is somebody else's.
        """
        with _telling(self._folder):
            self._make_ready()
            self._make(path.parent)
            handle, name = tempfile.mkstemp(dir=self._unfinished)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                for chunk in chunks:
                    with _telling(self._folder):
                        _write(file.fileno(), chunk)
            with _telling(self._folder):
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _make(self, folder: Path) -> None:
        if folder != self._folder:
            self._make(folder.parent)
            folder.mkdir(mode=OWNER_ONLY, exist_ok=True)

    def _make_ready(self) -> None:
        if not self._is_ready:
            self._folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
            self._unfinished.mkdir(mode=OWNER_ONLY, exist_ok=True)
            oldest = time.time() - LEFT_BEHIND
            for file in self._unfinished.iterdir():
                with suppress(FileNotFoundError):  # another run sweeps, too
                    if file.stat().st_mtime < oldest:
                        file.unlink()
            self._is_ready = True


class Cache:
    """Objects on disk.

    Args:
        folder: where they are kept; it is made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = WholeFiles(folder)

    @classmethod
    def passing(cls) -> Cache:
        """One that goes when the process ends; killed, it leaves a folder among the system's temporary files."""
        with _telling(Path(tempfile.gettempdir())):
            cache = cls(Path(tempfile.mkdtemp(prefix="tracer-")))
        weakref.finalize(cache, shutil.rmtree, cache.folder, ignore_errors=True)
        return cache

    def find(self, item: StoredObject) -> Path | None:
        """The file that holds the object, where it is there and whole."""
        path = self._path(item)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _told(self.folder, error) from error
        return path if item.size in (None, size) else None

    def keep(self, item: StoredObject, chunks: Iterable[bytes]) -> Path:
        """Write the object; what `chunks` raises is raised, and nothing is kept then.

        Returns:
            The file that holds it.

        Raises:
            CollectError: it cannot be written: the disk is full, or the folder is somebody else's.
        """
        path = self._path(item)
        self._files.write(path, chunks)
        return path

    def _path(self, item: StoredObject) -> Path:
        name = hashlib.sha256("\0".join((item.bucket, item.key, item.etag)).encode()).hexdigest()
        return self.folder / name[:2] / name


def default_folder() -> Path:
    """$XDG_CACHE_HOME/tracer, or ~/.cache/tracer.

    "All paths set in these environment variables must be absolute. If an implementation encounters a relative path in
    any of these variables it should consider the path invalid and ignore it"
    (https://specifications.freedesktop.org/basedir-spec/latest/). Raises CollectError where there is no home.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named / "tracer"
    try:
        return Path.home() / ".cache" / "tracer"
    except RuntimeError as error:
        raise CollectError(
            f"there is no folder for the cache: {error}", "name one: --cache DIR, or --no-cache"
        ) from error


def _write(handle: int, chunk: bytes) -> None:
    """All of `chunk`: the system may take a part of it."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(handle, rest) :]


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _told(folder, error) from error


def _told(folder: Path, error: OSError) -> CollectError:
    return CollectError(
        f"the cache cannot keep what was fetched, in {folder}: {error.strerror or error}",
        "make room there, or name another folder: --cache DIR. What is whole in it stays, and the next run goes on",
    )
