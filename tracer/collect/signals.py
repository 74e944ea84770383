"""Signals are the main thread's: no other thread takes them.

The system gives a signal to any thread that lets it in, and Python runs its handler in the main thread alone. One that
another thread took does not wake the main thread from a read or from waiting for a result, so that an interrupt stays
unheard for as long as that lasts (https://docs.python.org/3/library/signal.html#signals-and-threads).
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any


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


@contextlib.contextmanager
def obeyed(*, instead_of: type[Exception]) -> Iterator[None]:
    """A signal that comes meanwhile is obeyed, also where a library turns what its handler raises into an error of its
    own, as DuckDB does: "RuntimeError: Query interrupted".
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers are the main thread's
        return
    heard: list[int] = []

    def hear(handler: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
        heard.append(number)
        handler(number, frame)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, partial(hear, handler))
    try:
        yield
    except instead_of:
        if not heard:
            raise
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)
    if heard:
        signal.raise_signal(heard[0])
