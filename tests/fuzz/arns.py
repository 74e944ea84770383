"""ARNs, actions and patterns: two lines of text, each read as all of them, and asked whether one covers the other.

A pattern without policy variables is held against a naive matcher, which walks one table of pattern and text.
"""

from __future__ import annotations

import zlib
from typing import Final

from fuzz.harness import text_of
from tracer.emit.evaluate import matching
from tracer.emit.overlap import overlap
from tracer.model.action import Action, InvalidAction
from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import escape, glob_covers, has_wildcard, unescape

LONGEST: Final = 96
"""Bytes that are looked at: the naive matcher needs time in the square of them."""


def target(data: bytes) -> int:
    """One execution. Raises on anything but the documented refusals."""
    first, _, second = text_of(data[:LONGEST]).partition("\n")
    for text in (first, second):
        _read(text)
    assert not has_wildcard(escape(second))
    assert unescape(escape(second)) == second or "${" in second
    if "${" not in first and zlib.crc32(data) % 4 == 0:
        assert glob_covers(first, escape(second)) == naive_match(first, second)
    exact = ArnPattern.exactly(second)
    for spanning in (False, True):
        covers = ArnPattern(first).covers(exact, spanning=spanning)
        if covers:
            assert overlap(first, exact.text)
        if "${" not in first and Arn.find(second):
            assert bool(matching((first,), spanning=spanning)(second)) == covers
    ArnPattern(first).covers(ArnPattern(second))
    assert overlap(first, second) == overlap(second, first)
    return 1


def _read(text: str) -> None:
    arn = Arn.find(text)
    if arn:
        assert str(arn) == text
        assert ArnPattern.exactly(arn).covers(ArnPattern.exactly(arn))
    pattern = ArnPattern(text)
    assert pattern.covers(pattern)
    assert ":".join(pattern.segments).startswith(text.rstrip("*")) or pattern.is_star
    try:
        action = Action(text)
    except InvalidAction:
        return
    assert action.covers(action)
    assert f"{action.service}:{action.name}".lower() in (text.lower(), "*:*")


def naive_match(pattern: str, text: str) -> bool:
    """Whether the text matches, by the definition of `*` and `?`."""
    row = [True] + [False] * len(text)
    for sign in pattern:
        if sign == "*":
            for at in range(1, len(row)):
                row[at] = row[at] or row[at - 1]
        else:
            row = [False, *(row[at] and sign in ("?", text[at]) for at in range(len(text)))]
    return row[-1]
