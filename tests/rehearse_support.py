"""What the tests of the local account need: a call made to measure, and an account that is started once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import boto3
import second_opinion
from botocore.config import Config

from tracer.rehearse.account import Account
from tracer.rehearse.call import Call, Caller, CallerType, Key

ACCOUNT: Final = "123456789012"
NOW: Final = datetime(2026, 11, 24, 8, 0, 1, tzinfo=UTC)
USER: Final = Caller(
    CallerType.IAM_USER,
    f"arn:aws:iam::{ACCOUNT}:user/deployer",
    "AIDAEXAMPLE",
    ACCOUNT,
    "AKIAEXAMPLE",
    user_name="deployer",
)


def judge_command() -> list[str]:
    """The command of the independent judge; where it cannot be had, the test is skipped."""
    return ["node", str(second_opinion.FOLDER / "judge.mjs"), str(second_opinion.installed())]


def call(service: str, operation: str, params: Mapping[str, Any] | None = None, **changes: object) -> Call:
    """A call of the deployer's."""
    given: dict[str, Any] = {
        "service": service,
        "operation": operation,
        "params": params or {},
        "caller": USER,
        "region": "us-east-1",
        "event_id": "11111111-1111-4111-8111-111111111111",
        "request_id": "22222222-2222-4222-8222-222222222222",
        "time": NOW,
        "source_ip": "203.0.113.10",
        "user_agent": "a test",
    }
    return Call(**(given | changes))


def client(account: Account, key: Key, service: str, **session: str) -> Any:  # noqa: ANN401  # botocore's
    """A client of a service of the account, which does not try again."""
    return boto3.client(
        service,
        endpoint_url=account.endpoint,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
        **session,
    )
