"""How two policies differ, as text for a terminal: what was gained, and what was lost."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tracer.model.policy import Conditions
from tracer.report.text import counted, printable

_WIDTH: Final = 80
_INDENT: Final = " " * 6
_SHOWN: Final = 8
"""How many of the actions behind a pattern are named before the rest is counted."""


class Change(Protocol):
    """What one side allows and the other does not."""

    @property
    def action(self) -> str:
        """The action as written."""

    @property
    def resource(self) -> str:
        """The resource as written."""

    @property
    def conditions(self) -> Conditions:
        """Under which it is allowed."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions behind it that are concerned."""

    @property
    def denied(self) -> bool:
        """Whether the other side has an Allow for it, and a Deny against it."""

    @property
    def apart(self) -> tuple[str, ...]:
        """What is left out of it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was gained and lost by one principal; its name is empty where there is one alone."""

    name: str
    gained: Sequence[Change]
    lost: Sequence[Change]


def difference(compared: Sequence[Compared]) -> str:
    """The differences as text."""
    return "\n".join("".join(f"{line}\n" for line in _lines(one)) for one in compared)


def _lines(one: Compared) -> Iterator[str]:
    if one.name:
        yield printable(one.name)
    if not one.gained and not one.lost:
        yield "Nothing gained and nothing lost: both allow the same."
        return
    yield f"Gained: {counted(len(one.gained), 'grant')}"
    for change in one.gained:
        yield from _change(change, "allowed before as well, but a Deny took it away, or may have")
    yield f"Lost: {counted(len(one.lost), 'grant')}"
    for change in one.lost:
        yield from _change(change, "still allowed, but a Deny takes it away, or may")


def _change(change: Change, denied: str) -> Iterator[str]:
    yield f"  {printable(change.action)} on {printable(change.resource)}"
    for text in change.apart:
        yield f"{_INDENT}but not {printable(text)}"
    for operator, key, values in change.conditions.items:
        yield f"{_INDENT}only if {printable(operator)} {printable(key)} = {printable(' or '.join(values))}"
    if change.denied:
        yield f"{_INDENT}{denied}"
    if change.actions != (change.action,):
        rest = len(change.actions) - _SHOWN
        shown = ", ".join(map(printable, change.actions[:_SHOWN])) + (f" and {rest:,} more" if rest > 0 else "")
        yield from textwrap.wrap(shown, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
