"""Who made a call, by `userIdentity` alone; what callers do together is in test_attribution.py.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import ABSENT, assumed_role, iam_user, record, root

from tracer.model.record import Record
from tracer.reduce.callers import caller_of
from tracer.reduce.parse import parse


def principal(user: dict[str, Any], region: str = "us-east-1") -> str | None:
    kept = {name: value for name, value in user.items() if value is not ABSENT}
    parsed = parse(json.dumps(record(user=kept, region=region)).encode())
    assert isinstance(parsed, Record)
    caller = caller_of(parsed)
    return caller and caller.principal


@pytest.mark.parametrize(
    ("user", "region", "expected"),
    [
        pytest.param(root(arn=ABSENT), "us-east-1", "arn:aws:iam::123456789012:root", id="the root"),
        pytest.param(iam_user(arn=ABSENT), "us-east-1", "arn:aws:iam::123456789012:user/deployer", id="a user"),
        pytest.param(root(arn=ABSENT), "cn-north-1", "arn:aws-cn:iam::123456789012:root", id="the partition's root"),
        pytest.param(iam_user(arn=ABSENT, userName=ABSENT), "us-east-1", None, id="a user without a name"),
        pytest.param(iam_user(arn=ABSENT, accountId=ABSENT), "us-east-1", None, id="a user of no account"),
    ],
)
def test_an_identity_without_an_arn_is_told_by_account_and_name(
    user: dict[str, Any], region: str, expected: str | None
):
    assert principal(user, region) == expected


LINKED = "aws-service-role/ecs.amazonaws.com"


@pytest.mark.parametrize(
    "role",
    [
        pytest.param(assumed_role("AWSServiceRoleForECS", path=f"/{LINKED}/"), id="by its path"),
        pytest.param(assumed_role("AWSServiceRoleForECS", sessionContext={}), id="by its name, without an issuer"),
    ],
)
def test_a_service_linked_role_is_no_caller(role: dict[str, Any]):
    # AWS: only the service can assume it, and its permissions cannot be edited.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
    assert principal(role) is None
    assert principal(assumed_role("AWSServiceAdmin")) == "arn:aws:iam::123456789012:role/AWSServiceAdmin"
