"""How two policies differ: what was gained, and what was lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tracer.model.policy import Conditions
from tracer.report.layout import Access, Accesses, Document, Heading, Item, Line, Tone, in_words, named_actions
from tracer.report.text import counted

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


def difference(compared: Sequence[Compared]) -> Document:
    """The differences, a block a principal."""
    return [tuple(_told(one)) for one in compared]


def _told(one: Compared) -> Iterator[Item]:
    if one.name:
        yield Heading(one.name)
    if not one.gained and not one.lost:
        yield Line("Nothing gained and nothing lost: both allow the same.", tone=Tone.GOOD)
        return
    yield Heading(f"Gained: {counted(len(one.gained), 'grant')}", Tone.DOUBTFUL if one.gained else Tone.PLAIN)
    yield from _changes(one.gained, "allowed before as well, but a Deny took it away, or may have")
    yield Heading(f"Lost: {counted(len(one.lost), 'grant')}")
    yield from _changes(one.lost, "still allowed, but a Deny takes it away, or may")


def _changes(changes: Sequence[Change], denied: str) -> Iterator[Item]:
    if changes:
        yield Accesses(tuple(_change(change, denied) for change in changes))


def _change(change: Change, denied: str) -> Access:
    remarks = [f"but not {text}" for text in change.apart]
    remarks += [f"only if {condition}" for condition in in_words(change.conditions)]
    remarks += [denied] if change.denied else []
    behind = named_actions(change.actions, _SHOWN) if change.actions != (change.action,) else ""
    return Access(change.action, change.resource, tuple(remarks), behind)
