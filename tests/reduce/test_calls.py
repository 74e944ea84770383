"""A record that is read by its fields says what it says when it is read in full; a token tells no calls apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reduce_support import trace_of
from support import assumed_role, iam_user, record

from tracer.model.record import RawRecord, Unreadable
from tracer.reduce.calls import Call, Calls, Reading
from tracer.reduce.parse import fields_of, parse, record_of

texts = st.sampled_from(
    ["", "a", "größe", "\ud800", 'q"\\', "true", '{"omitted":true}', '{"a":1e999}', "arn:aws:s3:::b"]
)
numbers = st.sampled_from([0, -1, 1.5, 10**400, float("inf"), True])
values = st.recursive(
    st.none() | texts | numbers,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)
FIELDS = (
    "eventID", "eventTime", "userIdentity", "eventSource", "eventName", "eventType", "eventCategory", "awsRegion",
    "sourceIPAddress", "userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements",
    "additionalEventData", "resources", "recipientAccountId", "sharedEventID", "apiVersion", "readOnly",
)  # fmt: skip
OMITTED = {"omitted": True, "originalSize": 107_000, "reason": "too large"}
RESOURCES = [{"ARN": "arn:aws:s3:::b", "accountId": "123456789012", "type": "AWS::S3::Bucket"}, {"arn": "x"}, 1]


def raw(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"requestParameters": OMITTED},
        {"requestParameters": '{"bucketName":"b"}'},
        {"responseElements": {"a": [1]}, "additionalEventData": {"b": "c"}},
        {"resources": RESOURCES, "readOnly": "false", "apiVersion": "2015-03-31", "sharedEventID": "s"},
        {"errorCode": "", "errorMessage": None, "userAgent": "", "recipientAccountId": ""},
    ],
    ids=["usual", "omitted", "text", "answered", "more", "empty"],
)
@pytest.mark.parametrize("user", [iam_user(), assumed_role(), {}, None], ids=["user", "session", "empty", "null"])
def test_a_record_of_cloudtrail_s_form_is_read_by_its_fields(fields: Mapping[str, Any], user: Mapping[str, Any] | None):
    text = raw(record("GetObject", "s3.amazonaws.com") | {"userIdentity": user} | dict(fields))
    read = fields_of(text)
    whole = parse(text)
    assert read
    assert not isinstance(whole, Unreadable)
    assert record_of(read, whole.user_identity) == whole
    reading = Calls().read(text)
    assert not isinstance(reading, Unreadable)
    assert reading.call.record == whole


@given(st.dictionaries(st.sampled_from(FIELDS), values, max_size=4))
def test_whatever_a_record_holds_it_is_read_as_in_full(fields: dict[str, Any]):
    text = raw(record("GetObject", "s3.amazonaws.com", user=iam_user()) | fields)
    reading, whole = Calls().read(text), parse(text)
    if isinstance(whole, Unreadable):
        assert reading == whole
    else:
        assert not isinstance(reading, Unreadable)
        assert (reading.call.record, reading.event_id, reading.moment) == (whole, whole.event_id, whole.event_time)


def call_of(request: Mapping[str, Any] | None, calls: Calls) -> Call:
    text = json.dumps(record("CreateQueue", "sqs.amazonaws.com", request=request), separators=(",", ":")).encode()
    reading = calls.read(text)
    assert not isinstance(reading, Unreadable)
    return reading.call


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"clientToken": "1", "queueName": "q"}, {"clientToken": "2", "queueName": "q"}, True),
        ({"queueName": "q", "number": 1, "nextToken": "1"}, {"queueName": "q", "number": 1, "nextToken": "2"}, True),
        ({"queueName": "q", "number": 1}, {"queueName": "q", "number": 2.5}, True),
        ({"queueName": "q", "note": "1"}, {"queueName": "q", "note": "2"}, True),
        ({"queueName": "q", "note": '"queueName":"q"'}, {"queueName": "q"}, True),
        ({"queueName": "q", "note": "arn:aws:sqs:::1"}, {"queueName": "q", "note": "arn:aws:sqs:::2"}, False),
        ({"queueName": "q", "note": ["1"]}, {"queueName": "q", "note": ["2"]}, False),
        ({"clientToken": "1"}, {"clientToken": "1", "queueName": "q"}, False),
        ({"queueName": "q"}, {"QueueName": "q"}, False),
        ({"queueName": "q"}, {"queueName": "p"}, False),
        ({"clientToken": "arn:aws:sqs:::1"}, {"clientToken": "arn:aws:sqs:::2"}, False),
        ({"tags": {"clientToken": "1"}}, {"tags": {"clientToken": "2"}}, False),
        ({"clientToken": {"queueName": "q"}}, {"clientToken": {"queueName": "p"}}, False),
        ({"clientToken": "1", **OMITTED}, OMITTED, False),
        ({}, None, False),
        ({"queueName": "q", "note": "one" * 3000}, {"queueName": "q", "note": "two" * 3000}, False),
    ],
)  # fmt: skip
def test_what_nobody_reads_tells_no_calls_apart_and_all_else_does(
    one: Mapping[str, Any], other: Mapping[str, Any] | None, same: bool
):
    calls = Calls()
    assert (call_of(one, calls) is call_of(other, calls)) == same
    assert call_of(one, calls) is call_of(one, calls)


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({}, True),
        ({"responseElements": {"queueUrl": "q"}}, True),
        ({"errorCode": "Throttling", "errorMessage": "Rate exceeded"}, True),
        ({"errorCode": "BadRequest", "errorMessage": "User: somebody is not authorized to perform it"}, False),
        ({"responseElements": {"errorCode": "E", "message": "somebody is not authorized to perform it"}}, False),
        ({"responseElements": {"errorCode": "E", "message": "somebody is not \\u0061uthorized"}}, False),
    ],
    ids=["usual", "answered", "failed", "refused", "refused-in-the-response", "refused-in-other-letters"],
)
def test_sessions_of_a_role_make_the_same_calls_unless_one_may_be_refused_by_name(
    fields: Mapping[str, Any], same: bool
):
    calls = Calls()
    call = record("CreateQueue", "sqs.amazonaws.com", request={"queueName": "q"}) | dict(fields)
    one, other = (
        calls.read(raw(call | {"userIdentity": assumed_role("app", session)}).replace(b"\\\\u", b"\\u"))
        for session in ("i-1", "i-2")
    )
    assert not isinstance(one, Unreadable)
    assert not isinstance(other, Unreadable)
    assert one.who.identity != other.who.identity
    assert (one.call is other.call) == same


def test_the_mark_of_a_request_that_was_too_large_is_told_however_it_is_spelled():
    text = raw(record("CreateQueue", "sqs.amazonaws.com", request={"omitted": True}))
    marked = text.replace(b'"omitted"', b'"\\u006fmitted"')
    calls = Calls()
    none, empty = calls.read(marked), calls.read(text.replace(b'"omitted": true', b""))
    assert isinstance(none, Reading)
    assert isinstance(empty, Reading)
    assert (none.call.record.omitted, empty.call.record.omitted) == (True, False)


@pytest.mark.parametrize("form", [dict, raw], ids=["decoded", "text"])
def test_of_a_request_with_more_than_is_read_nothing_is_left_out(form: Callable[[Mapping[str, Any]], RawRecord]):
    """Or one whose name is lost among the rest would lose it to one that says nothing else, or give it to it."""
    lost = {f"filler{n}": "x" for n in range(5_001)} | {"name": "c"}
    one, other = (
        form(record("DescribeCluster", "eks.amazonaws.com", request=request)) for request in (lost, {"name": "c"})
    )
    assert trace_of(one, other) == trace_of(other, one)
    assert len(trace_of(one, other).permissions) == 2
