"""What went wrong, and what to try: an error in words."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.report.layout import Document, Line, Tone


def failure(message: str, hint: str) -> Document:
    """The error and its hint, each led by what it is. What a message lists in lines of its own may be copied."""
    return [[*_told("Error: ", message, Tone.BAD), *(_told("Hint: ", hint, Tone.GOOD) if hint else ())]]


def _told(lead: str, text: str, tone: Tone) -> Iterator[Line]:
    first, *others = text.split("\n")
    yield Line(first, lead, tone)
    yield from (Line(other, whole=True) for other in others)
