"""Signals are the main thread's: no other thread takes them.

The system gives a signal to any thread that lets it in, and Python runs its handler in the main thread alone. One that
another thread took does not wake the main thread from a read or from waiting for a result, so that an interrupt stays
unheard for as long as that lasts (https://docs.python.org/3/library/signal.html#signals-and-threads).
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final, TypeVar

Result = TypeVar("Result")

_MOMENT: Final = 0.05
"""Seconds that an interrupted work is given before it is interrupted again: it may not have begun."""


@contextlib.contextmanager
def kept_from_new_threads() -> Iterator[None]:
    """Threads that are started now, and those that they start, take neither SIGINT nor SIGTERM."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where signals are the main thread's anyway
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def apart(work: Callable[[], Result], interrupt: Callable[[], None]) -> Result:
    """What `work` gives; done in a thread of its own, so that signals are heard meanwhile.

    A library that waits in C for its own threads, as DuckDB does, lets no handler run, and one that looks for signals
    makes an error of its own of them. So the main thread waits in Python, and what a handler raises ends the work.

    Args:
        work: gives the result, or raises.
        interrupt: ends the work; called until it has ended.
    """
    with kept_from_new_threads():
        executor = ThreadPoolExecutor(1)
        result = executor.submit(work)
    with executor:
        try:
            return result.result()
        finally:
            while not result.done():
                interrupt()
                wait([result], timeout=_MOMENT)
