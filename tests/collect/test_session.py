"""AssumeRole against botocore's Stubber: what is asked for, and what is done where that is denied."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from tracer.collect.aws import Credentials
from tracer.collect.session import RoleSession, assume, environment_of, session_name
from tracer.errors import CollectError

ROLE = "arn:aws:iam::123456789012:role/deploy"
KEYS = {"AccessKeyId": "ASIAEXAMPLEEXAMPLE", "SecretAccessKey": "hidden-key", "SessionToken": "hidden-token"}
ANSWER = {
    "Credentials": KEYS | {"Expiration": datetime(2026, 11, 24, 9, tzinfo=UTC)},
    "AssumedRoleUser": {"AssumedRoleId": "AROAEXAMPLE:x", "Arn": f"{ROLE}/x"},
}
ASKED = {"RoleArn": ROLE, "RoleSessionName": ANY}
SESSION = RoleSession("arn", "tracer-first-abc123", Credentials("ASIA", "hidden-key", "hidden-token"))


@pytest.fixture
def stub(no_aws: None) -> Stubber:
    client = boto3.client("sts", "eu-west-1", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="x")  # noqa: S106
    stub = Stubber(client)
    stub.activate()
    return stub


def assumed(stub: Stubber, told: list[str] | None = None, **options: Any) -> RoleSession:  # noqa: ANN401
    asked = {"duration": None, "source_identity": True, "tell": (told or []).append, **options}
    return assume(ROLE, "first", region="eu-west-1", client_factory=lambda *_: stub.client, **asked)


def test_the_session_and_its_source_identity_have_the_run_s_name(stub: Stubber):
    sent: list[dict[str, Any]] = []
    stub.client.meta.events.register("provide-client-params.sts.AssumeRole", lambda params, **_: sent.append(params))
    stub.add_response("assume_role", ANSWER, ASKED | {"SourceIdentity": ANY})
    session = assumed(stub)
    assert re.fullmatch(r"tracer-first-[0-9a-f]{6}", session.name)
    assert sent == [{"RoleArn": ROLE, "RoleSessionName": session.name, "SourceIdentity": session.name}]
    assert session.arn == f"{ROLE}/x"
    assert session.credentials == Credentials("ASIAEXAMPLEEXAMPLE", "hidden-key", "hidden-token")


def test_where_a_source_identity_is_denied_the_session_does_without(stub: Stubber):
    stub.add_client_error("assume_role", "AccessDenied", expected_params=ASKED | {"SourceIdentity": ANY})
    stub.add_response("assume_role", ANSWER, ASKED)
    told: list[str] = []
    asked = {"duration": None, "source_identity": True, "tell": told.append}
    assume(ROLE, "first", region="eu-west-1", client_factory=lambda *_: stub.client, **asked)
    assert len(told) == 1
    assert "no source identity" in told[0]
    stub.assert_no_pending_responses()


def test_no_source_identity_is_asked_for_where_none_is_wanted(stub: Stubber):
    stub.add_response("assume_role", ANSWER, ASKED | {"DurationSeconds": 7200})
    assumed(stub, source_identity=False, duration=timedelta(hours=2))
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        ("AccessDenied", "was denied", "trust policy"),
        ("ValidationError", "AWS answered with an error", "--duration"),
        ("ExpiredToken", "have expired", "log in again"),
    ],
)
def test_what_sts_refuses_is_told(stub: Stubber, code: str, words: str, hint: str):
    stub.add_client_error("assume_role", code)
    stub.add_client_error("assume_role", code)
    with pytest.raises(CollectError, match=words) as caught:
        assumed(stub)
    assert ROLE in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("run", ["a", "20261124-080000", "x" * 50, "a.b_c-d"])
def test_session_names_are_valid_and_unique(run: str):
    """The pattern is botocore's own."""
    model = boto3.session.Session(region_name="us-east-1")._session.get_service_model("sts")
    shape = model.operation_model("AssumeRole").input_shape.members["RoleSessionName"]
    names = {session_name(run) for _ in range(20)}
    assert len(names) == 20
    for name in names:
        assert re.fullmatch(shape.metadata.get("pattern", r"[\w+=,.@-]*"), name)
        assert shape.metadata["min"] <= len(name) <= shape.metadata["max"]


def test_a_child_in_a_session_has_no_other_credentials():
    others = {
        "AWS_PROFILE": "p", "AWS_DEFAULT_PROFILE": "p", "AWS_ROLE_ARN": "r", "AWS_WEB_IDENTITY_TOKEN_FILE": "f",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "u", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s",
    }  # fmt: skip
    kept = {"PATH": "/bin", "AWS_REGION": "eu-north-1", "AWS_ENDPOINT_URL": "http://localhost"}
    assert environment_of(SESSION, "eu-west-1", others | kept) == kept | {
        "AWS_ACCESS_KEY_ID": "ASIA",
        "AWS_SECRET_ACCESS_KEY": "hidden-key",
        "AWS_SESSION_TOKEN": "hidden-token",
    }


def test_a_session_s_secrets_show_in_no_repr():
    assert "ASIA" in repr(SESSION)
    assert "hidden" not in repr(SESSION)
