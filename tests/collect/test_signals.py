"""A signal is obeyed, also where a library would make an error of its own of it."""

from __future__ import annotations

import os
import signal
import sys
import threading

import duckdb
import pytest

from tracer.collect.signals import obeyed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_duckdb_is_interrupted_and_the_signal_is_obeyed(number: signal.Signals):
    before = signal.signal(number, lambda number, _: sys.exit(128 + number))
    handler = signal.getsignal(number)
    try:
        with pytest.raises(SystemExit) as ended, duckdb.connect() as db, obeyed(instead_of=RuntimeError):
            threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
            db.execute(ENDLESS).fetchall()
        assert signal.getsignal(number) is handler, "the handlers are as before"
    finally:
        signal.signal(number, before)
    assert ended.value.code == 128 + number


def test_an_error_that_no_signal_made_is_raised():
    with pytest.raises(RuntimeError, match="of its own"), obeyed(instead_of=RuntimeError):
        raise RuntimeError("of its own")


def test_another_thread_leaves_the_handlers_alone():
    seen = []

    def work() -> None:
        with obeyed(instead_of=RuntimeError):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
