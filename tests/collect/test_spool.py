"""What is spooled can be read again and again."""

from __future__ import annotations

import gc
import weakref

from tracer.collect.spool import CHUNK, Spool


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
