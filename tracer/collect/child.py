"""Runs a command as a child that its user cannot tell from the command itself.

What comes in: a command and its environment. What goes out: its exit code, 128 + n where signal n killed it, as shells
have it (https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html). The child has this process's standard
input, output and error, its open descriptors, its process group and its signal mask. It stands alone because signals
are its whole matter.

A signal that somebody sends to this process is passed on, and this process goes on waiting: what the child does about
it is the child's business. A Ctrl-C is not passed on, because the terminal sends it to the child itself, and many tools
take the second one as "stop at once, clean nothing up".
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from types import FrameType
from typing import Any, Final

from tracer.errors import CollectError

_PASSED_ON: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
_KEYS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name))
"""What a terminal sends for Ctrl-C and Ctrl-\\."""

_LOOK: Final = 0.5
"""Seconds after which the child is looked at even where its SIGCHLD went to another thread."""


def run_child(command: Sequence[str], environment: Mapping[str, str], *, alone: bool = True) -> int:
    """Run `command` to its end.

    Args:
        command: the command and its arguments.
        environment: its environment.
        alone: whether signals are the child's alone; else the first of them is this process's own as well, once the
            child has ended.

    Raises:
        CollectError: it cannot be started.
    """
    with _held_back() as mask:
        child = _started(command, environment, mask)
        heard = _pass_on_what_is_sent(child) if hasattr(signal, "sigtimedwait") else _pass_on_by_handlers(child, mask)
    if heard and not alone:
        signal.raise_signal(heard[0])
    return 128 - child.returncode if child.returncode < 0 else child.returncode


def _started(command: Sequence[str], environment: Mapping[str, str], mask: Collection[int]) -> subprocess.Popen[bytes]:
    restore: dict[str, Any] = {}
    if hasattr(signal, "pthread_sigmask"):
        # A mask outlives exec (https://man7.org/linux/man-pages/man2/sigprocmask.2.html): the child gets its own back.
        restore["preexec_fn"] = partial(signal.pthread_sigmask, signal.SIG_SETMASK, mask)
    try:
        return subprocess.Popen(command, env=dict(environment), close_fds=False, **restore)  # noqa: S603 - the user's
    except OSError as error:
        raise CollectError(
            f"{command[0]} cannot be started: {error.strerror or error}",
            "is it spelled as in the shell? A shell's own words need one: -- sh -c 'CMD && CMD'",
        ) from error


def _pass_on_what_is_sent(child: subprocess.Popen[bytes]) -> list[int]:
    """Wait for the child, and for signals, each with its sender: `si_code` is above 0 where the kernel sent it, as it
    does for a key of the terminal (https://man7.org/linux/man-pages/man2/sigaction.2.html). Gives what was heard.
    """
    heard: list[int] = []
    while child.poll() is None:
        told = signal.sigtimedwait((*_PASSED_ON, signal.SIGCHLD), _LOOK)
        if told and told.si_signo != signal.SIGCHLD:
            heard.append(told.si_signo)
            if told.si_code <= 0:
                child.send_signal(told.si_signo)
    while late := signal.sigtimedwait(_PASSED_ON, 0):
        heard.append(late.si_signo)  # what came with the child's end was meant for it
    return heard


def _pass_on_by_handlers(child: subprocess.Popen[bytes], mask: Collection[int]) -> list[int]:
    """The same where no sender is told: a key is taken as one where this process is in a terminal's foreground."""
    heard: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if not (number in _KEYS and _in_foreground()):
            child.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return heard


def _in_foreground() -> bool:
    """Whether a terminal's keys reach this process, and with it the child."""
    if not hasattr(os, "tcgetpgrp"):
        return True  # a console of Windows sends Ctrl-C to all its processes
    try:
        terminal = os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


@contextlib.contextmanager
def _held_back() -> Iterator[Collection[int]]:
    """The signals wait until somebody asks for them; gives the mask as it was."""
    if not hasattr(signal, "pthread_sigmask"):
        yield ()
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (*_PASSED_ON, signal.SIGCHLD))
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
