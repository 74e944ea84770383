"""What two patterns have in common; the laws are in tests/laws/test_emit.py."""

from __future__ import annotations

import pytest

from tracer.emit.overlap import overlap


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("a*", "*b", True),
        ("a*", "b*", False),
        ("a?c", "ab*", True),
        ("a??", "a?", False),
        ("a*?", "a", False),
        ("a${aws:username}*", "ab", True),
        ("${*}", "b", False),
        ("a**b", "ab", True),
        ("a*${x}?*b", "ab", False),
        ("a*${x}?*b", "axb", True),
    ],
)
def test_overlap(pattern: str, other: str, expected: bool):
    assert overlap(pattern, other) is expected
    assert overlap(other, pattern) is expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [("*" * 1_000_000, True), ("${a}" * 250_000, True), ("${" * 100_000, False)],
    ids=["stars", "variables", "what nothing closes"],
)
def test_wildcards_without_an_end_are_read_at_once(other: str, expected: bool):
    """Not in the square of their number, which would take days."""
    assert overlap("a*b*c", f"a{other}c") is expected
