"""The findings as the page tells them: by code, the gravest first, each with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tracer.model.finding import SEVERITIES, Finding, Severity
from tracer.report.guidance import ADVICE
from tracer.report.text import LONGEST_MESSAGE, shown

_LINK: Final = re.compile(r"https://docs\.aws\.amazon\.com/[A-Za-z0-9_./#-]*[A-Za-z0-9_/-]")
"""What becomes a link in a message: addresses of AWS's documentation alone, for a message can hold what a log held."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a message; `link` is an address or empty."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What one finding says."""

    pieces: tuple[Piece, ...]
    about: str
    count: int
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """The findings of one code, with what to do."""

    code: str
    severity: str
    advice: str
    messages: tuple[Message, ...]


def finding_views(items: Iterable[Finding]) -> Iterator[FindingView]:
    """By code, the gravest first."""
    groups: dict[str, list[Finding]] = {}
    for item in items:
        groups.setdefault(item.code, []).append(item)
    weights = list(Severity)
    for code in sorted(groups, key=lambda code: (weights.index(SEVERITIES[code]), list(SEVERITIES).index(code))):
        yield FindingView(code, SEVERITIES[code].value, ADVICE[code], tuple(map(_message, groups[code])))


def _message(item: Finding) -> Message:
    about = " ".join(filter(None, (item.event_source, item.event_name)))
    return Message(
        pieces=tuple(_pieces(shown(item.message, LONGEST_MESSAGE))),
        about=shown(about, 200),
        count=item.count,
        events=tuple(shown(event, 80) for event in item.events[:3]),
    )


def _pieces(text: str) -> Iterator[Piece]:
    at = 0
    for match in _LINK.finditer(text):
        if match.start() > at:
            yield Piece(text[at : match.start()])
        yield Piece(match.group(), match.group())
        at = match.end()
    if at < len(text):
        yield Piece(text[at:])
