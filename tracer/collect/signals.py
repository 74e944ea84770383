"""Signals are the main thread's: no other thread takes them.

The system gives a signal to any thread that lets it in, and Python runs its handler in the main thread alone. One that
another thread took does not wake the main thread from a read or from waiting for a result, so that an interrupt stays
unheard for as long as that lasts (https://docs.python.org/3/library/signal.html#signals-and-threads).
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


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
