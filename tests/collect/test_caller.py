"""Who is calling, asked of a real STS endpoint (moto's, over HTTP)."""

from __future__ import annotations

import pytest

from tracer.collect.caller import caller_arn
from tracer.errors import CollectError


@pytest.fixture(scope="module")
def endpoint():
    """The address of a moto server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


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
