"""Which eventIDs were met: each once, conflicts noted, in at most sixteen bytes a record."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import record

from tracer.model.record import Unreadable
from tracer.reduce.seen import Seen, content_of

LIMIT = 16
"""Bytes a selected record may take."""


def size_of(seen: Seen) -> int:
    return sum(column.itemsize * len(column) for column in (seen._keys, seen._contents))


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 3)), max_size=60))
def test_it_is_a_set_of_ids_that_knows_their_contents(met: list[tuple[str, int]]):
    seen, known, conflicts = Seen(), {}, set()
    for event_id, content in met:
        assert seen.first(event_id, content) is (event_id not in known)
        if known.setdefault(event_id, content) != content:
            conflicts.add(event_id)
    assert len(seen) == len(known)
    assert seen.conflicts == conflicts


def test_it_knows_all_of_many():
    seen = Seen()
    assert all(seen.first(f"id-{number}", number) for number in range(20_000))
    assert not any(seen.first(f"id-{number}", number) for number in range(20_000))
    assert not seen.conflicts


@pytest.mark.parametrize("count", [1_000, 4_321, 30_000])
def test_a_record_takes_no_more_than_sixteen_bytes(count: int):
    seen = Seen()
    worst = 0.0
    for number in range(count):
        seen.first(f"id-{number}", 0)
        if number >= 999:
            worst = max(worst, size_of(seen) / len(seen))
    assert worst <= LIMIT


def test_contents_are_equal_where_only_the_form_differs():
    raw = record("CreateRole", request={"roleName": "a", "path": "/"})
    backwards = dict(reversed(raw.items()))
    assert content_of(raw) == content_of(backwards) == content_of(json.dumps(backwards, indent=2).encode())


def test_contents_differ_where_the_record_does():
    assert content_of(record("GetRole")) != content_of(record("GetUser"))
    assert content_of(Unreadable("truncated", "a.json.gz")) == 0
