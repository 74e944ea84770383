"""What tracer raises on purpose: a message that says what happened, and a hint that says what to try next.

One base class a seam, so that a caller can catch what one stage may raise and nothing else. The command line catches
`TracerError` alone, prints both parts and exits with `exit_code`; anything else is a bug in tracer.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import ClassVar, Final

LISTED: Final = 10
"""How many lines a list in a message has at most: an error is to be seen whole, on a screen of 24."""


class TracerError(Exception):
    """Base of all errors that are somebody's to mend.

    Attributes:
        message: what happened, and where (file, event, option).
        hint: what to try next; may be empty.
        exit_code: the exit code of the command line for it.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TracerError):
    """An option, a run file or a time that cannot be understood."""


class CollectError(TracerError):
    """Records could not be fetched or read at all."""


class ReduceError(TracerError):
    """The records could not be turned into a trace."""


class NothingSelected(ReduceError):
    """Records were read, and none belongs to the run that was asked for."""


class RehearseError(TracerError):
    """The local account of a rehearsal could not do what was asked of it."""


class EmitError(TracerError):
    """The trace could not be turned into policy documents, or they could not be written."""


class SelfCheckFailed(EmitError):
    """What was about to be printed does not hold what the trace holds, or holds more. A bug in tracer; nothing is
    written.
    """

    exit_code = 1


def listed(items: Iterable[str]) -> str:
    """A list for the end of a message: each on a line of its own, the first ones alone where there are many."""
    remaining = iter(items)
    lines = list(islice(remaining, LISTED))
    if rest := sum(1 for _ in remaining):
        lines.append(f"and {rest:,} more")
    return "".join(f"\n  {line}" for line in lines)
