"""Globs by example; their laws are in tests/laws/test_covers.py."""

from __future__ import annotations

import pytest

from tracer.model.arn import ArnPattern
from tracer.model.glob import escape, glob_covers, has_wildcard, unescape

COVERS = {
    "a star spans slashes": ("user/*", "user/ci/deployer"),
    "a star spans colons": ("function:orders*", "function:orders-dev:1"),
    "a star stands for nothing": ("a*b", "ab"),
    "a question mark is one sign": ("id-?", "id-1"),
    "question marks in a run with a star": ("a?*?", "abc"),
    "a bracket is a bracket": ("b/a[1].txt", "b/a[1].txt"),
    "a bracket beside a star": ("b/a[1]*", "b/a[1].txt"),
    "an escaped star is a star": ("a${*}b", "a${*}b"),
    "a star covers an escaped star": ("a*b", "a${*}b"),
    "a question mark covers an escaped one": ("a?b", "a${?}b"),
    "a question mark covers an escaped dollar": ("a?b", "a${$}b"),
    "an escaped dollar is a dollar": ("${$}", "$"),
    "a dollar is an escaped dollar": ("$", "${$}"),
    "a variable covers itself": ("home/${aws:username}/*", "home/${aws:username}/a"),
    "a star covers a variable": ("home/*", "home/${aws:username}"),
    "an open brace is no variable": ("a${b*", "a${bc"),
}

COVERS_NOT = {
    "a narrower star": ("a*b", "a*"),
    "a question mark is not nothing": ("a?", "a"),
    "a question mark is not two signs": ("a?", "abc"),
    "a question mark covers no star": ("?", "*"),
    "a run asks for as many signs": ("a?*?", "ab"),
    "a bracket is no class": ("a[1]", "a1"),
    "an escaped star is no wildcard": ("a${*}", "ab"),
    "a star is more than an escaped star": ("${*}", "*"),
    "an escaped question mark is no wildcard": ("a${?}", "ab"),
    "an escaped question mark is no star": ("${?}", "${*}"),
    "a variable is not its name": ("${aws:username}", "aws:username"),
    "another variable": ("${aws:username}", "${aws:userid}"),
    "a variable covers no name": ("${aws:username}", "deployer"),
    "a name covers no variable": ("deployer", "${aws:username}"),
    "a variable may be empty": ("?*", "${aws:username}"),
    "names have case": ("Orders", "orders"),
}


@pytest.mark.parametrize("spanning", [False, True], ids=["stops-at-colons", "spans"])
@pytest.mark.parametrize(("wide", "narrow"), COVERS.values(), ids=COVERS)
def test_covers(wide: str, narrow: str, spanning: bool):
    assert glob_covers(wide, narrow, spanning=spanning)


@pytest.mark.parametrize("spanning", [False, True], ids=["stops-at-colons", "spans"])
@pytest.mark.parametrize(("wide", "narrow"), COVERS_NOT.values(), ids=COVERS_NOT)
def test_covers_not(wide: str, narrow: str, spanning: bool):
    assert not glob_covers(wide, narrow, spanning=spanning)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        pytest.param("log-group:a*b:x", "log-group:a:b:x", id="a star inside a segment"),
        pytest.param("a?b", "a:b", id="a question mark"),
        pytest.param("a*b", "a*:*b", id="a star that ends a segment, under one that does not"),
        pytest.param("a*b", "a${aws:username}b", id="a variable, whose value may hold a colon"),
    ],
)
def test_the_two_readings_differ(wide: str, narrow: str):
    assert glob_covers(wide, narrow, spanning=True)
    assert not glob_covers(wide, narrow, spanning=False)


def test_a_glob_that_is_no_arn_spans():
    # Colons are borders in an ARN alone: the value of a condition and the name of an action have no segments.
    assert glob_covers("a*b", "a:b")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a", False),
        ("a[1]", False),
        ("a$b", False),
        ("${*}${?}${$}", False),
        ("a${b", False),
        ("*", True),
        ("a?", True),
        ("${aws:username}", True),
        ("${*}*", True),
    ],
)
def test_has_wildcard(pattern: str, expected: bool):
    assert has_wildcard(pattern) is expected


@pytest.mark.parametrize(
    ("literal", "pattern"),
    [
        ("plain", "plain"),
        ("a*b?c", "a${*}b${?}c"),
        ("${aws:username}", "${$}{aws:username}"),
        ("${*}", "${$}{${*}}"),
        ("price$", "price$"),
        ("$*", "$${*}"),
        ("$${", "$${$}{"),
        ("a[1]", "a[1]"),
    ],
)
def test_escape(literal: str, pattern: str):
    assert escape(literal) == pattern
    assert unescape(pattern) == literal


def test_unescape_leaves_wildcards_and_variables():
    assert unescape("*?${aws:username}${*}") == "*?${aws:username}*"


@pytest.mark.parametrize(
    "pattern", ["${" * 500_000, "a}" + "${" * 500_000, "${a}" * 250_000], ids=["open", "}", "closed"]
)
def test_variables_without_an_end_are_passed_over_at_once(pattern: str):
    """Not in the square of their number, which would take minutes."""
    assert has_wildcard(pattern) is pattern.endswith("}")
    assert len(ArnPattern(f"arn:aws:s3:::{pattern}:").segments) == 6


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [("*a" * 1_000, True), ("*a" * 1_000 + "b", False), ("?*a" * 1_000, True), ("*" + "?a" * 2_001, False)],
    ids=["enough", "another end", "gaps of one or more", "too long"],
)
def test_a_thousand_wildcards_over_thousands_of_places(pattern: str, covered: bool):
    """Not place by place, which would take minutes."""
    assert glob_covers(pattern, "a" * 4_000) is covered


@pytest.mark.parametrize(
    ("pattern", "other", "covered"),
    [
        ("??*", "?*a", True),
        ("???*", "?*a", False),
        ("a?*c", "a?:c", False),
        ("a??*", "a${x}bc", True),
        ("a???*", "a${x}bc", False),
        ("?*?", "*??", True),
    ],
    ids=["as many", "one more", "a colon between", "a variable may be empty", "and counts nothing", "in any order"],
)
def test_a_gap_of_at_least_so_many(pattern: str, other: str, covered: bool):
    assert glob_covers(pattern, other, spanning=False) is covered
