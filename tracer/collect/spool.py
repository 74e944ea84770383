"""What is read for the second pass: `Spool` keeps what can be read only once, `Lines` what was searched out.

Both lie among the system's temporary files, without a name: the system takes them back when the process ends, however
it ends. A disk that is full, or a folder in which nobody may write, is a CollectError, whoever writes there.
"""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

from tracer.errors import CollectError

CHUNK: Final = 1024 * 1024
IN_MEMORY: Final = 4 * 1024 * 1024


class Spool:
    """Bytes on disk.

    Raises:
        CollectError: they cannot be kept.
    """

    def __init__(self, chunks: Iterable[bytes] = ()) -> None:
        with _telling():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the spool, see below
        self.close = weakref.finalize(self, _close, self._file)
        for chunk in chunks:
            self.write(chunk)

    def write(self, chunk: bytes) -> None:
        """Adds `chunk` at the end. Raises CollectError."""
        with _telling():
            self._file.seek(0, 2)
            self._file.write(chunk)

    def chunks(self) -> Iterator[bytes]:
        """All bytes written so far, from the start; several readers do not disturb each other. Raises CollectError."""
        at = 0
        while True:
            with _telling():
                self._file.seek(at)
                chunk = self._file.read(CHUNK)
            if not chunk:
                return
            at += len(chunk)
            yield chunk


class Lines:
    """Texts without line breaks, to be read again and again; on disk where they are many."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - as in Spool
        self.close = weakref.finalize(self, _close, self._file)
        self._is_read = False

    def add(self, lines: Iterable[bytes]) -> None:
        """Adds lines at the end. Raises CollectError where they cannot be kept."""
        with _telling():
            if self._is_read:
                self._file.seek(0, 2)  # writes out what is buffered: so not each time
                self._is_read = False
            self._file.writelines(part for line in lines for part in (line, b"\n"))

    def __iter__(self) -> Iterator[bytes]:
        """The lines. Raises CollectError where the last of them cannot be kept."""
        self._is_read = True
        with _telling():
            self._file.seek(0)
        for line in self._file:
            yield line[:-1]


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """What the system says of its temporary files, as a CollectError."""
    try:
        yield
    except OSError as error:
        where = tempfile.tempdir or "the folder of temporary files"
        raise CollectError(
            f"what was read cannot be kept in {where}: {error.strerror or error}",
            "make room there, or set TMPDIR to another folder",
        ) from error


def _close(file: IO[Any]) -> None:
    """Close; what the file could not take was told when it was written, and would be told here again."""
    with contextlib.suppress(OSError):
        file.close()
