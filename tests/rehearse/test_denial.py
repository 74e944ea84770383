"""What a denial says, and that each protocol's clients read it as AWS's."""

from __future__ import annotations

import base64

import pytest
from botocore.parsers import create_parser
from rehearse_support import ACCOUNT, USER, call

from tracer.rehearse.call import ApiError
from tracer.rehearse.denial import answer, refusal
from tracer.rehearse.judge import Decision, Need

GET = Need("s3:GetObject", "arn:aws:s3:::b/k")
TABLE = Need("dynamodb:DescribeTable", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t")


@pytest.mark.parametrize(
    ("service", "operation", "need", "type_", "decision", "expected"),
    [
        pytest.param(
            "s3", "GetObject", GET, "identity-based", Decision.NOT_ALLOWED,
            f'User: {USER.arn} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" because no '
            "identity-based policy allows the s3:GetObject action",
            id="S3 quotes the resource",
        ),
        pytest.param(
            "dynamodb", "DescribeTable", TABLE, "permissions boundary", Decision.NOT_ALLOWED,
            f"User: {USER.arn} is not authorized to perform: dynamodb:DescribeTable on resource: {TABLE.resource} "
            "because no permissions boundary allows the dynamodb:DescribeTable action",
            id="a boundary",
        ),
        pytest.param(
            "dynamodb", "DescribeTable", TABLE, "identity-based", Decision.DENIED,
            f"User: {USER.arn} is not authorized to perform: dynamodb:DescribeTable on resource: {TABLE.resource} "
            "with an explicit deny in an identity-based policy",
            id="a Deny",
        ),
        pytest.param(
            "sts", "AssumeRole", Need("sts:AssumeRole", "arn:r"), "identity-based", Decision.NOT_ALLOWED,
            f"User: {USER.arn} is not authorized to perform: sts:AssumeRole on resource: arn:r",
            id="STS gives no reason",
        ),
        pytest.param(
            "logs", "CreateLogGroup", Need("logs:TagResource", "arn:g"), "identity-based", Decision.NOT_ALLOWED,
            f"User with accountId: {ACCOUNT} is not authorized to perform CreateLogGroup with Tags. An additional "
            'permission "logs:TagResource" is required.',
            id="CloudWatch Logs, of tags",
        ),
    ],
)  # fmt: skip
def test_what_a_denial_says(service, operation, need, type_, decision, expected):
    denial = refusal(call(service, operation), need, type_, decision)
    assert denial.error == ApiError("AccessDenied", expected)
    assert denial.explicit == (decision is Decision.DENIED)


def test_ec2_tells_the_reason_to_who_may_decode_it():
    denial = refusal(call("ec2", "DescribeVpcs"), Need("ec2:DescribeVpcs", "*"), "identity-based", Decision.NOT_ALLOWED)
    said, _, blob = denial.message.rpartition(" ")
    assert denial.error.code == "Client.UnauthorizedOperation"
    assert said == "You are not authorized to perform this operation. Encoded authorization failure message:"
    assert b"ec2:DescribeVpcs" in base64.urlsafe_b64decode(blob)


@pytest.mark.parametrize(
    ("service", "protocol", "status", "code"),
    [
        ("iam", "query", 403, "AccessDenied"),
        ("ec2", "ec2", 403, "AccessDenied"),
        ("dynamodb", "json", 400, "AccessDeniedException"),
        ("lambda", "rest-json", 403, "AccessDeniedException"),
        ("s3", "rest-xml", 403, "AccessDenied"),
        ("route53", "rest-xml", 403, "AccessDenied"),
    ],
)
def test_each_protocols_clients_read_it(service: str, protocol: str, status: int, code: str):
    message = 'on resource: "<&\' */\u00fc"'
    sent = answer(ApiError("AccessDenied", message), service, protocol, "R1")
    headers = {name.lower(): value for name, value in sent.headers.items()}
    read = create_parser(protocol).parse({"status_code": sent.status, "headers": headers, "body": sent.body}, None)
    assert sent.status == status
    assert (read["Error"]["Code"], read["Error"]["Message"]) == (code, message)
    assert "R1" in read["ResponseMetadata"].get("RequestId", "") or "R1" in headers.values()
