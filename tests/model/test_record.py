"""What a record says of itself: its service, its account, and who forwarded it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracer.model.record import Record, UserIdentity


def a_record(
    *,
    event_source: str = "iam.amazonaws.com",
    identity: UserIdentity = UserIdentity(),  # noqa: B008
    source_ip_address: str | None = None,
    user_agent: str | None = None,
    recipient_account_id: str | None = None,
) -> Record:
    return Record(
        event_id="1",
        event_time=datetime(2026, 11, 24, 8, tzinfo=UTC),
        event_source=event_source,
        event_name="GetRole",
        event_type="AwsApiCall",
        aws_region="us-east-1",
        user_identity=identity,
        source_ip_address=source_ip_address,
        user_agent=user_agent,
        recipient_account_id=recipient_account_id,
    )


@pytest.mark.parametrize(
    ("event_source", "service"),
    [
        ("iam.amazonaws.com", "iam"),
        ("ecs.amazonaws.com.cn", "ecs"),
        ("runtime.sagemaker.amazonaws.com", "runtime.sagemaker"),
        ("aws.example", "aws.example"),
    ],
)
def test_service(event_source: str, service: str):
    assert a_record(event_source=event_source).service == service


@pytest.mark.parametrize(
    ("recipient", "caller", "expected"), [("1", "2", "1"), (None, "2", "2"), ("1", None, "1"), (None, None, None)]
)
def test_account(recipient: str | None, caller: str | None, expected: str | None):
    assert a_record(recipient_account_id=recipient, identity=UserIdentity(account_id=caller)).account == expected


@pytest.mark.parametrize(
    ("invoked_by", "source_ip_address", "user_agent", "expected"),
    [
        pytest.param(None, "192.0.2.10", "aws-cli/2", None, id="a direct call"),
        pytest.param(None, None, None, None, id="a record that says nothing"),
        pytest.param("cloudformation.amazonaws.com", "192.0.2.10", "x", "cloudformation.amazonaws.com", id="invokedBy"),
        pytest.param("AWS Internal", "AWS Internal", "AWS Internal", "AWS Internal", id="as recorded"),
        pytest.param(
            None, "autoscaling.amazonaws.com", "x", "autoscaling.amazonaws.com", id="sourceIPAddress, in old records"
        ),
        pytest.param(
            None,
            "192.0.2.10",
            "cloudformation.amazonaws.com",
            "cloudformation.amazonaws.com",
            id="userAgent, in old records",
        ),
        pytest.param(None, "ec2.amazonaws.com.cn", None, "ec2.amazonaws.com.cn", id="China"),
        pytest.param(None, "192.0.2.10", "Mozilla/5.0 s3.amazonaws.com", None, id="an agent that names a service"),
        pytest.param(None, "192.0.2.10", "signin.amazonaws.com", None, id="the console of an IAM user"),
        pytest.param(None, "192.0.2.10", "console.amazonaws.com", None, id="the console of the root user"),
        pytest.param(None, "192.0.2.10", "console.ec2.amazonaws.com", None, id="the console of EC2"),
        pytest.param("signin.amazonaws.com", "192.0.2.10", "signin.amazonaws.com", None, id="the console as invokedBy"),
    ],
)
def test_via(invoked_by: str | None, source_ip_address: str | None, user_agent: str | None, expected: str | None):
    record = a_record(
        identity=UserIdentity(type="IAMUser", invoked_by=invoked_by),
        source_ip_address=source_ip_address,
        user_agent=user_agent,
    )
    assert record.via == expected
