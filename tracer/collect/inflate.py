"""The bytes of a log file become the bytes of its text: gzip is told by content, never by a name.

A trail's files are gzip and lose the ending when they are unpacked on the way (S3's `Content-Encoding: gzip` makes some
tools do so); files put end to end are gzip of several members, and a CloudWatch Logs subscription delivered by a
compressing Firehose is gzip in gzip. Damage gives out everything that stands before it, then raises `Damaged`.

All that is `text_of`, a stream. `whole_text` is for the files that a trail delivers, one small gzip member each, and as
fast as they can be unpacked: by python-isal where it is installed (`cloudtrail-tracer[fast]`), else by zlib.
"""

from __future__ import annotations

import functools
import os
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from types import ModuleType
from typing import Final

CHUNK: Final = 1024 * 1024
"""How many bytes of text are given out at most at once: a small file may inflate to a thousand times its size."""

MOST_RATIO: Final = 200
"""How many times its own size a gzip file may unpack to, where that is more than `UNASKED`. CloudTrail's log files
unpack to 10 to 30 times their size, gzip reaches 1,000 times; a file that is beyond is made to fill a disk or a day.
The environment variable TRACER_MAX_RATIO says another number, and 0 that there is no limit."""

UNASKED: Final = 64 * 1024 * 1024
"""How many bytes of text a file may hold whatever its ratio: a second's work."""

_RATIO_VARIABLE: Final = "TRACER_MAX_RATIO"
_SLICE: Final = 16 * 1024
"""How many packed bytes are handed to zlib at once: it copies what it leaves of them each time."""

_MAGIC: Final = b"\x1f\x8b"
"""RFC 1952, 2.3.1: "These have the fixed values ID1 = 31 (0x1f, \\037), ID2 = 139 (0x8b, \\213)"."""
_GZIP: Final = zlib.MAX_WBITS | 16
_LAYERS: Final = 2
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT: Final = 4096

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_KEPT: Final = 32 * 1024 * 1024


class Damaged(Exception):
    """The rest of a file cannot be read; the message says why, for a person."""


def text_of(chunks: Iterable[bytes], layers: int = _LAYERS) -> Iterator[bytes]:
    """The text in `chunks`, in chunks of at most CHUNK bytes or as long as they came, unpacked where it is gzip.

    Raises:
        Damaged: the gzip data is corrupt or cut off, or this is no text in UTF-8 at all.
    """
    rest = iter(chunks)
    first = b""
    while len(first) < len(_MAGIC) and (chunk := next(rest, None)) is not None:
        first += chunk
    if layers and first.startswith(_MAGIC):
        yield from text_of(_inflate(chain((first,), rest)), layers - 1)
        return
    if first.startswith(_UTF_16):
        raise Damaged("the text is UTF-16; CloudTrail's is UTF-8 (`iconv -f UTF-16 -t UTF-8` converts it)")
    if b"\0" in first[:_LOOKED_AT]:
        raise Damaged("this is no text")
    yield first
    yield from rest


def whole_text(data: bytes, limit: int) -> bytes | None:
    """The text of a whole file; None where `text_of` has to read it.

    That is a file whose text is longer than `limit`, and gzip that is not one sound member.
    """
    if not data.startswith(_MAGIC):
        return data if len(data) <= limit else None
    library = _fastest()
    member = library.decompressobj(_GZIP)
    try:
        text: bytes = member.decompress(data, limit)
    except library.error:
        return None
    return text if member.eof and not member.unused_data else None


@functools.cache
def _fastest() -> ModuleType:
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    module: ModuleType = isal_zlib
    return module


def keep_memory() -> None:
    """Ask the C library to keep what large buffers leave free, instead of giving it back to the system each time.

    Half of the time of unpacking goes into that otherwise. Only glibc knows these settings (mallopt(3)); elsewhere
    nothing happens.
    """
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library, or Windows, where none goes by no name
        return
    for setting in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
        mallopt(setting, _KEPT)


def _inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The members of gzip data, unpacked, end to end."""
    member = zlib.decompressobj(_GZIP)
    most, packed, unpacked = _most_ratio(), 0, 0
    for data in _slices(chunks):
        packed += len(data)
        while data:
            if member.eof:
                data = data.lstrip(b"\0")  # zeros may fill a gzip file up to a block
                if not data:
                    break
                member = zlib.decompressobj(_GZIP)
            before = member.copy()
            try:
                text = member.decompress(data, CHUNK)
            except zlib.error as error:
                yield _readable_part(before, data)
                raise Damaged(f"the gzip data is corrupt, and what follows is lost ({error})") from error
            yield text
            unpacked += len(text)
            if most and unpacked > max(UNASKED, most * packed):
                raise Damaged(
                    f"it unpacks to more than {most} times its size, and what follows is not read "
                    f"({_RATIO_VARIABLE}=0 in the environment reads it)"
                )
            data = member.unused_data or member.unconsumed_tail
    if not member.eof:
        raise Damaged("the gzip data is cut off")


def _slices(chunks: Iterable[bytes]) -> Iterator[bytes]:
    return (chunk[at : at + _SLICE] for chunk in chunks for at in range(0, len(chunk), _SLICE))


def _most_ratio() -> int:
    text = os.environ.get(_RATIO_VARIABLE, "")
    return int(text) if text.isascii() and text.isdigit() else MOST_RATIO


def _readable_part(member: zlib._Decompress, data: bytes) -> bytes:
    """What `data` gives up to its error: zlib hands out nothing of a call that fails, so it is fed a byte at a time."""
    text = bytearray()
    try:
        for at in range(len(data)):
            text += member.decompress(data[at : at + 1], CHUNK)
    except zlib.error:
        pass
    return bytes(text)
