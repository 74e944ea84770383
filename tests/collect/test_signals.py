"""A signal is heard while a library waits in C, and ends its work."""

from __future__ import annotations

import os
import signal
import sys
import threading

import duckdb
import pytest

from tracer.collect.signals import apart, kept_from_new_threads

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_duckdb_is_interrupted(number: signal.Signals):
    before = signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with kept_from_new_threads():
            db = duckdb.connect()
            threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        with pytest.raises(SystemExit) as ended, db:
            apart(lambda: db.execute(ENDLESS).fetchall(), db.interrupt)
    finally:
        signal.signal(number, before)
    assert ended.value.code == 128 + number


def test_what_the_work_gives_and_raises():
    assert apart(lambda: 1, pytest.fail) == 1
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 // 0, pytest.fail)


def test_what_was_interrupted_before_it_began_is_interrupted_again():
    asked: list[int] = []
    ended = threading.Event()

    def interrupt() -> None:
        asked.append(1)
        if len(asked) == 3:
            ended.set()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with kept_from_new_threads():
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            apart(ended.wait, interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(asked) == 3
