"""Which eventIDs were met: each once, conflicts noted, in at most sixteen bytes a record."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import record

from tracer.model.record import RawRecord, Record
from tracer.reduce.parse import parse
from tracer.reduce.seen import Seen, content_of

LIMIT = 16
"""Bytes a selected record may take."""


def size_of(seen: Seen) -> int:
    return sys.getsizeof(seen._buckets) + sum(map(sys.getsizeof, seen._buckets))


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 3)), max_size=60))
def test_it_is_a_set_of_ids_that_knows_their_texts(met: list[tuple[str, int]]):
    seen, known, suspects = Seen(), {}, set()
    for event_id, form in met:
        assert seen.first(event_id, form) is (event_id not in known)
        if known.setdefault(event_id, form) != form:
            suspects.add(event_id)
    assert len(seen) == len(known)
    assert seen.suspects == suspects


def test_it_knows_all_of_many():
    seen = Seen()
    assert all(seen.first(f"id-{number}", number) for number in range(20_000))
    assert not any(seen.first(f"id-{number}", number) for number in range(20_000))
    assert not seen.suspects


@pytest.mark.parametrize("count", [1_000, 4_321, 30_000])
def test_a_record_takes_no_more_than_sixteen_bytes(count: int):
    seen = Seen()
    worst = 0.0
    for number in range(count):
        seen.first(f"id-{number}", 0)
        if number >= 999:
            worst = max(worst, size_of(seen) / len(seen))
    assert worst <= LIMIT


def content(raw: RawRecord) -> int:
    read = parse(raw)
    assert isinstance(read, Record)
    return content_of(read)


def test_contents_are_equal_where_only_the_form_differs():
    raw = record("CreateRole", request={"roleName": "a", "path": "/"})
    backwards = dict(reversed(raw.items()))
    assert content(raw) == content(backwards) == content(json.dumps(backwards, indent=2).encode())


def test_contents_are_equal_where_only_unread_fields_differ():
    """Athena rebuilds a record from the columns of its table: parameters come as text, requestID and others not."""
    raw = record("CreateRole", request={"roleName": "a", "path": "/"}, tlsDetails={"tlsVersion": "TLSv1.3"})
    rebuilt = {name: value for name, value in raw.items() if name not in ("requestID", "tlsDetails")}
    rebuilt |= {"requestParameters": json.dumps(raw["requestParameters"]), "resources": None, "errorCode": ""}
    assert content(rebuilt) == content(raw)


@pytest.mark.parametrize(
    "change",
    [
        {"eventName": "GetUser"},
        {"eventTime": "2026-11-24T09:00:00Z"},
        {"awsRegion": "eu-west-1"},
        {"errorCode": "NoSuchEntity"},
        {"requestParameters": {"roleName": "b"}},
        {"requestParameters": {"omitted": True}},
        {"responseElements": {"role": {"roleName": "a"}}},
        {"resources": [{"ARN": "arn:aws:iam::123456789012:role/a"}]},
        {"userIdentity": {"type": "IAMUser", "userName": "somebody"}},
        {"readOnly": False},
        {"unknown \ud800": "counts for nothing", "userAgent": "\ud800"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_contents_differ_where_what_is_read_does(change: dict[str, object]):
    raw = record("GetRole", request={"roleName": "a"})
    assert content(raw | change) != content(raw)
