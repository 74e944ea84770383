"""What is read for the second pass: `Spool` keeps what can be read only once, `Lines` what was searched out."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable, Iterator
from typing import Final

CHUNK: Final = 1024 * 1024
IN_MEMORY: Final = 4 * 1024 * 1024


class Spool:
    """Bytes on disk, without a name: the system takes them back when the process ends, however it ends."""

    def __init__(self, chunks: Iterable[bytes] = ()) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the spool, see below
        self.close = weakref.finalize(self, self._file.close)
        for chunk in chunks:
            self.write(chunk)

    def write(self, chunk: bytes) -> None:
        """Adds `chunk` at the end. Raises OSError where the disk is full."""
        self._file.seek(0, 2)
        self._file.write(chunk)

    def chunks(self) -> Iterator[bytes]:
        """All bytes written so far, from the start; several readers do not disturb each other."""
        at = 0
        while True:
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
        self.close = weakref.finalize(self, self._file.close)
        self._is_read = False

    def add(self, lines: Iterable[bytes]) -> None:
        """Adds lines at the end. Raises OSError where the disk is full."""
        if self._is_read:
            self._file.seek(0, 2)  # writes out what is buffered: so not each time
            self._is_read = False
        self._file.writelines(part for line in lines for part in (line, b"\n"))

    def __iter__(self) -> Iterator[bytes]:
        self._is_read = True
        self._file.seek(0)
        for line in self._file:
            yield line[:-1]
