"""Who is calling, asked of a real STS endpoint (moto's, over HTTP)."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tracer.collect.caller import Identity, caller_arn, identity
from tracer.errors import CollectError


def test_the_caller_is_who_sts_says(no_aws: None, monkeypatch: pytest.MonkeyPatch, endpoint: str):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert caller_arn(region="eu-west-1") == "arn:aws:sts::123456789012:user/moto"


def test_without_credentials_the_hint_says_how_to_give_them(no_aws: None):
    with pytest.raises(CollectError, match="there are no AWS credentials") as caught:
        caller_arn(region="eu-west-1")
    assert "AWS_PROFILE" in caught.value.hint
    assert "--principal" in caught.value.hint


def test_a_profile_that_does_not_exist_is_told(no_aws: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CollectError, match="the AWS profile does not exist"):
        caller_arn()


def test_an_endpoint_that_does_not_answer_is_told(no_aws: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr("tracer.collect.aws.ATTEMPTS", 1)
    with pytest.raises(CollectError, match="could not be reached"):
        caller_arn(region="eu-west-1")


def test_who_calls_is_told_with_account_region_and_request(
    no_aws: None, monkeypatch: pytest.MonkeyPatch, endpoint: str
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    caller = identity(region="eu-west-1")
    assert (caller.account, caller.region, caller.partition) == ("123456789012", "eu-west-1", "aws")
    assert caller.request_id
    assert caller.answered is not None
    assert caller.answered.tzinfo is not None


@pytest.mark.parametrize(
    ("arn", "partition", "session"),
    [
        ("arn:aws:sts::123456789012:assumed-role/ci/build-7", "aws", "build-7"),
        ("arn:aws-cn:iam::123456789012:user/team/deployer", "aws-cn", None),
        ("arn:aws:iam::123456789012:root", "aws", None),
    ],
)
def test_what_an_arn_says(arn: str, partition: str, session: str | None):
    caller = Identity(arn, "123456789012", "eu-west-1", "r")
    assert (caller.partition, caller.session) == (partition, session)


class HalfAnAnswer(BaseHTTPRequestHandler):
    """Answers as STS does, and breaks off."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(b"<GetCallerIdentityResponse><GetCallerId")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_half_an_answer_is_told(no_aws: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracer.collect.aws.ATTEMPTS", 1)
    with HTTPServer(("127.0.0.1", 0), HalfAnAnswer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        with pytest.raises(CollectError, match="sts:GetCallerIdentity: the call failed"):
            identity(region="eu-west-1")
        server.shutdown()
