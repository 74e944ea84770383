"""A terminal to run tracer on: a real one of the system's, and what a person then sees on it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Final

import pyte
import pytest

if sys.platform != "win32":
    import fcntl
    import pty
    import struct
    import termios

needs_terminal: Final = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals as POSIX has them")

_ROWS: Final = 1000
"""More than anything that is shown: nothing scrolls away."""
_PATIENCE: Final = 60
"""Seconds until a test gives up."""


@dataclass
class Terminal:
    """What a process wrote to its terminal so far."""

    columns: int
    written: bytes = b""
    more: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, seen: Callable[[bytes], bool]) -> None:
        """Until what was written satisfies `seen`."""
        with self.more:
            assert self.more.wait_for(lambda: seen(self.written), _PATIENCE), self.written

    def screen(self) -> list[str]:
        """The lines that a person sees in the end."""
        screen = pyte.Screen(self.columns, _ROWS)
        pyte.ByteStream(screen).feed(self.written)
        return "\n".join(line.rstrip() for line in screen.display).rstrip().splitlines()

    def _read(self, descriptor: int) -> None:
        while True:
            try:
                chunk = os.read(descriptor, 65536)
            except OSError:  # Linux's way to say that nobody has the other end
                return
            if not chunk:
                return
            with self.more:
                self.written += chunk
                self.more.notify_all()


def _pair(columns: int) -> tuple[int, int]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    return master, slave


@contextmanager
def opened(columns: int = 80) -> Iterator[tuple[IO[str], Terminal]]:
    """A terminal for this process to write to."""
    master, slave = _pair(columns)
    terminal = Terminal(columns)
    reader = threading.Thread(target=terminal._read, args=(master,))
    reader.start()
    try:
        with os.fdopen(slave, "w", encoding="utf-8") as file:
            yield file, terminal
    finally:
        reader.join()
        os.close(master)


@contextmanager
def running(
    *arguments: str,
    columns: int = 80,
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    """`python -m tracer ARGUMENTS` on a terminal; stdout is the terminal too, where nothing else is given."""
    master, slave = _pair(columns)
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    terminal = Terminal(columns)
    process = subprocess.Popen(  # noqa: S603 - the command is ours
        [sys.executable, "-m", "tracer", *arguments],
        stdin=slave if stdin is None else stdin,
        stdout=slave if stdout is None else stdout,
        stderr=slave,
        env=kept | {"TERM": "xterm-256color"} | dict(environ or {}),
        start_new_session=True,
    )
    os.close(slave)
    reader = threading.Thread(target=terminal._read, args=(master,))
    reader.start()
    try:
        yield process, terminal
        process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()
        reader.join()
        os.close(master)


def shown(*arguments: str, columns: int = 80, environ: Mapping[str, str] | None = None) -> Terminal:
    """What `tracer ARGUMENTS` writes to a terminal, once it has ended."""
    with running(*arguments, columns=columns, environ=environ) as (_, terminal):
        pass
    return terminal
