"""Every shape of a record, and what is none: read as far as it goes, or counted as unreadable with a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ABSENT, assumed_role, iam_user, record

from tracer.model.record import RawRecord, Record, ResourceReference, Unreadable
from tracer.reduce.parse import canonical, parse, time_text

ROLE = "arn:aws:iam::123456789012:role/ci/deploy"


def read(raw: RawRecord) -> Record:
    parsed = parse(raw)
    assert isinstance(parsed, Record), parsed
    return parsed


def reason(raw: RawRecord) -> str:
    parsed = parse(raw)
    assert isinstance(parsed, Unreadable), parsed
    return parsed.reason


# --- what is read -----------------------------------------------------------------------------------------------------


def test_a_record_is_read_whole():
    raw = record(
        "CreateRole",
        user=assumed_role("deploy", path="/ci/"),
        request={"roleName": "app"},
        response={"role": {"arn": "arn:aws:iam::123456789012:role/app"}},
        error="EntityAlreadyExistsException",
        message="Role with name app already exists.",
        apiVersion="2010-05-08",
        additionalEventData={"x": 1},
        sharedEventID="s1",
        resources=[{"ARN": ROLE, "accountId": "123456789012", "type": "AWS::IAM::Role"}],
    )
    found = read(raw)
    assert (found.event_source, found.event_name, found.event_id) == ("iam.amazonaws.com", "CreateRole", raw["eventID"])
    assert found.event_time == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert (found.event_type, found.event_category, found.aws_region) == ("AwsApiCall", "Management", "us-east-1")
    assert found.user_identity.session_issuer_arn == ROLE
    assert found.user_identity.session_issuer_type == "Role"
    assert found.request_parameters == {"roleName": "app"}
    assert found.response_elements == {"role": {"arn": "arn:aws:iam::123456789012:role/app"}}
    assert found.additional_event_data == {"x": 1}
    assert (found.error_code, found.error_message) == ("EntityAlreadyExistsException", raw["errorMessage"])
    assert found.resources == (ResourceReference(ROLE, "123456789012", "AWS::IAM::Role"),)
    assert (found.api_version, found.shared_event_id) == ("2010-05-08", "s1")
    assert found.recipient_account_id == "123456789012"
    assert found.read_only is False
    assert not found.omitted


def test_its_text_reads_like_its_object():
    raw = record(request={"roleName": "ü"})
    assert parse(json.dumps(raw).encode()) == parse(raw) == parse(json.dumps(raw, ensure_ascii=False).encode())


@pytest.mark.parametrize("version", ["1.0", "1.08", "1.09", "1.10", "1.11", "1.99", "2.0", ABSENT])
def test_every_version_is_read(version: object):
    assert read(record(eventVersion=version)).event_name == "GetRole"


def test_unknown_fields_are_passed_over():
    """Minor versions of the format add some."""
    assert read(record(eventContext={"requestContext": {}}, tlsDetails={"x": "y"}, somethingNew=[1])) == read(
        record(eventID=record(eventContext={"requestContext": {}}, tlsDetails={"x": "y"}, somethingNew=[1])["eventID"])
    )


@pytest.mark.parametrize("empty", ["", None, ABSENT])
def test_an_empty_text_is_an_absent_one(empty: object):
    user = {key: value for key, value in (iam_user() | {"accessKeyId": empty}).items() if value is not ABSENT}
    assert read(record(user=user)).user_identity.access_key_id is None


def test_an_identity_may_have_no_type():
    """Seen in records of AWS services: only the account, and who made the call."""
    found = read(record(user={"accountId": "123456789012", "invokedBy": "secretsmanager.amazonaws.com"}))
    assert found.user_identity.type is None
    assert found.user_identity.invoked_by == "secretsmanager.amazonaws.com"


@pytest.mark.parametrize("identity", [None, ABSENT])
def test_an_identity_may_be_missing(identity: object):
    assert read(record(userIdentity=identity)).user_identity.arn is None


@pytest.mark.parametrize("issuer", [{}, None])
def test_a_session_may_have_no_issuer(issuer: object):
    """A call that a service forwards for a user has `sessionIssuer: {}`."""
    found = read(record(user=iam_user(sessionContext={"sessionIssuer": issuer})))
    assert found.user_identity.session_issuer_arn is None


# --- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "parameters", "omitted"),
    [
        (None, None, False),
        (ABSENT, None, False),
        ({}, {}, False),
        ({"omitted": True, "originalSize": 123456, "reason": "too large"}, None, True),
        ({"omitted": True}, None, True),
        ({"omitted": True, "roleName": "app"}, {"omitted": True, "roleName": "app"}, False),
        ("a bare string", None, False),
        (["a", "list"], None, False),
        ('{"roleName": "app"}', {"roleName": "app"}, False),
        ('{"omitted": true}', None, True),
        ("{broken", None, False),
        ('{"nested": ' * 5_000, None, False),
    ],
    ids=[
        "null", "absent", "empty", "omitted", "omitted alone", "a parameter named so", "text", "list", "Athena",
        "Athena omitted", "Athena broken", "Athena deep",
    ],
)  # fmt: skip
def test_parameters_are_an_object_or_nothing(value: object, parameters: Any, omitted: bool):  # noqa: ANN401
    found = read(record(requestParameters=value))
    assert found.request_parameters == parameters
    assert found.omitted is omitted


def test_the_answer_has_the_same_shapes_and_does_not_count_as_omitted():
    found = read(record(responseElements={"omitted": True}, additionalEventData='{"x": 1}'))
    assert found.response_elements is None
    assert found.additional_event_data == {"x": 1}
    assert not found.omitted


@pytest.mark.parametrize(
    ("value", "flag"),
    [(True, True), (False, False), ("true", True), ("False", False), ("maybe", None), (None, None), (1, None)],
)
def test_a_flag_may_be_a_text(value: object, flag: bool | None):
    assert read(record(readOnly=value)).read_only is flag


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, ()),
        ("x", ()),
        ([None, "x", {}], (ResourceReference(),)),
        ([{"arn": ROLE}], (ResourceReference(ROLE),)),
        ([{"ARN": 1, "accountId": None}], (ResourceReference(),)),
    ],
)
def test_resources_are_read_as_far_as_they_go(value: object, found: tuple[ResourceReference, ...]):
    assert read(record(resources=value)).resources == found


# --- times and ids ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T08:00:00Z",
        "2026-11-24T08:00:00.987Z",
        "2026-11-24T09:00:00+01:00",
        "2026-11-24T08:00:00",
        "20261124T080000Z",
    ],
)
def test_a_time_is_in_utc_and_whole_seconds(text: str):
    assert read(record(time=text)).event_time == datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9" * 200])
def test_what_is_no_time_is_no_record(text: str):
    assert "eventTime" in reason(record(time=text))
    assert len(reason(record(time=text))) < 120


def test_a_record_without_an_id_is_named_by_its_content():
    raw = record(eventID=ABSENT)
    found = read(raw)
    assert found.event_id.startswith("sha256:")
    assert len(found.event_id) == len("sha256:") + 16
    assert read(json.dumps(dict(reversed(raw.items())), indent=1).encode()).event_id == found.event_id
    assert read(record("GetUser", eventID=ABSENT)).event_id != found.event_id


# --- what is no record ------------------------------------------------------------------------------------------------


def test_what_the_source_could_not_read_stays_so():
    broken = Unreadable("truncated gzip", "a.json.gz")
    assert parse(broken) is broken


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"nonsense", b'{"eventName": ', b"\xff\xfe\x00", b'{"eventName": "\xff"}', b"[1, 2]", b'"text"', b"null",
        b"12", b"{}", b'{"Records": []}', b'{"digestStartTime": "2026-11-24T08:00:00Z"}',
    ],
)  # fmt: skip
def test_what_is_no_record_says_why(raw: bytes):
    assert reason(raw)


def test_a_year_has_four_digits():
    """Whatever a log says: times are compared as texts."""
    assert time_text(datetime(226, 11, 24, 8, tzinfo=UTC)) == "0226-11-24T08:00:00Z"


@pytest.mark.parametrize(
    "name", ["eventTime", "eventName", "eventSource", "awsRegion", "eventID", "errorCode", "userAgent"]
)
@pytest.mark.parametrize("value", [7, ["x"], {"x": "y"}, True])
def test_a_text_of_another_type_is_no_record(name: str, value: object):
    assert name in reason(record(**{name: value}))


@pytest.mark.parametrize("value", ["arn:aws:iam::123456789012:user/a", 7, []])
def test_an_identity_of_another_type_is_no_record(value: object):
    assert "userIdentity" in reason(record(userIdentity=value))


def test_what_nests_too_deep_is_no_record():
    assert reason(b'{"eventName": ' + b'{"a": ' * 100_000)


def test_the_reason_is_the_same_for_all_of_a_kind():
    """It stands in a finding, which counts them."""
    assert reason(b'{"a": nonsense') == reason(b'  {"other": 1, "a": nonsense')


def test_canonical_text_does_not_depend_on_the_form():
    raw = record(request={"b": 1, "a": "ü"})
    assert canonical(raw) == canonical(json.dumps(dict(reversed(raw.items())), indent=3).encode())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(sorted(record())), json_values, max_size=5))
def test_nothing_raises(changed: dict[str, Any]):
    assert isinstance(parse(record() | changed), Record | Unreadable)


@given(st.binary(max_size=40))
def test_no_text_raises(raw: bytes):
    assert isinstance(parse(raw), Record | Unreadable)


@pytest.mark.parametrize("depth", [101, 500, *range(960, 1_000), 5_000])
def test_a_record_that_nests_is_refused_at_the_same_depth_everywhere(depth: int):
    """Near the end of Python's stack a record could be read and not be written again."""
    text = json.dumps(record())[:-1] + ', "additionalEventData": ' + '{"a":' * depth + "1" + "}" * depth + "}"
    assert reason(text.encode())


def test_an_object_that_nests_too_deep_is_refused_as_well():
    inner: dict[str, Any] = {}
    for _ in range(3_000):
        inner = {"a": inner}
    assert "nests" in reason(record() | {"requestParameters": inner})


def test_a_wide_record_does_not_nest():
    wide = {str(number): {"a": [1]} for number in range(200)}
    assert read(record(request=wide)).request_parameters == wide
    assert read(json.dumps(record(request=wide)).encode()).request_parameters == wide
