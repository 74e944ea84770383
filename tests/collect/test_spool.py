"""What is spooled can be read again and again."""

from __future__ import annotations

import gc
import weakref

from tracer.collect.spool import CHUNK, IN_MEMORY, Lines, Spool


def test_readers_do_not_disturb_each_other_nor_the_writer():
    spool = Spool([b"a" * CHUNK, b"b"])
    one, other = spool.chunks(), spool.chunks()
    assert next(one) == next(other) == b"a" * CHUNK
    spool.write(b"c")
    assert list(one) == list(other) == [b"bc"]
    assert b"".join(spool.chunks()) == b"a" * CHUNK + b"bc"


def test_the_file_is_closed_when_nobody_needs_it():
    spool = Spool([b"a"])
    file = spool._file
    gone = weakref.ref(spool)
    del spool
    gc.collect()
    assert gone() is None
    assert file.closed


def test_lines_are_read_again_and_again_however_they_were_added():
    lines = Lines()
    lines.add([b"one", b""])
    assert list(lines) == [b"one", b""]
    assert next(iter(lines)) == b"one"
    lines.add([b"two"])
    assert list(lines) == list(lines) == [b"one", b"", b"two"]


def test_many_lines_go_to_disk():
    lines, line = Lines(), b"x" * 1024
    lines.add([line] * (IN_MEMORY // 1024))
    assert list(lines) == [line] * (IN_MEMORY // 1024)
    lines.add([b"last"])
    assert list(lines)[-1] == b"last"
