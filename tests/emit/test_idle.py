"""What of a policy can grant nothing."""

from __future__ import annotations

import pytest
from emit_support import allow

from tracer.emit.check import check
from tracer.emit.idle import NO_ACTION, NO_RESOURCE, STAR_ONLY, UNKNOWN, Idle, idle
from tracer.model.policy import Policy, Statement

BUCKET, KEY = "arn:aws:s3:::orders", "arn:aws:s3:::orders/key"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"

CASES = {
    "an action on its resource": (allow("sqs:SendMessage", QUEUE), []),
    "on a pattern": (allow("sqs:Send*", "arn:aws:sqs:*:*:*"), []),
    "on a star": (allow(["ec2:DescribeVpcs", "sqs:SendMessage"]), []),
    "star-only on a resource": (allow("ec2:DescribeVpcs", "arn:aws:ec2:*:*:vpc/*"), [("ec2:DescribeVpcs", STAR_ONLY)]),
    "a pattern of such": (allow("ec2:DescribeVpcs*", "arn:aws:ec2:*:*:vpc/*"), [("ec2:DescribeVpcs*", STAR_ONLY)]),
    "beside one that is not": (
        allow(["logs:DescribeLogGroups", "logs:CreateLogGroup"], "arn:aws:logs:*:*:log-group:a"),
        [("logs:DescribeLogGroups", STAR_ONLY)],
    ),
    "an action that does not exist": (allow("s3:HeadBucket", BUCKET), [("s3:HeadBucket", UNKNOWN)]),
    "a pattern of none": (allow("s3:Frobnicate*", BUCKET), [("s3:Frobnicate*", UNKNOWN)]),
    "even on a star": (allow("s3:HeadBucket"), [("s3:HeadBucket", UNKNOWN)]),
    "another service's resource": (allow("sqs:SendMessage", BUCKET), [("sqs:SendMessage", NO_RESOURCE)]),
    "one resource of two": (allow("sqs:SendMessage", [QUEUE, BUCKET]), [(BUCKET, NO_ACTION)]),
    "a bucket's action on objects": (allow("s3:CreateBucket", f"{BUCKET}*/*"), [("s3:CreateBucket", NO_RESOURCE)]),
    "an object's action on a bucket's name": (allow("s3:GetObject", BUCKET), [("s3:GetObject", NO_RESOURCE)]),
    "the whole service": (allow("s3:*", [BUCKET, KEY]), []),
    "everything": (allow("*", [BUCKET, "arn:aws:nosuch:::a"]), [("arn:aws:nosuch:::a", NO_ACTION)]),
    "API Gateway's second version": (
        allow("apigateway:POST", [f"arn:aws:apigateway:us-east-1::{path}" for path in ("/apis", "/apis/a/routes")]),
        [],
    ),
    "an API, made by its own verb": (
        allow("apigateway:POST", "arn:aws:apigateway:us-east-1::/apis/abc"),
        [("apigateway:POST", NO_RESOURCE)],
    ),
    "a deny": (allow("s3:HeadBucket", effect="Deny"), []),
    "all but some": (Statement(not_actions=("s3:HeadBucket",), resources=(BUCKET,)), []),
}


@pytest.mark.parametrize(("statement", "expected"), CASES.values(), ids=CASES)
def test_what_grants_nothing(statement: Statement, expected: list[tuple[str, str]]):
    assert list(idle([Policy((statement,))])) == [Idle(0, 0, *item) for item in expected]


def test_check_tells_it():
    verdict = check([Policy(), Policy((allow("sqs:SendMessage", QUEUE), allow("s3:HeadBucket", BUCKET)))], [])
    assert verdict.idle == (Idle(1, 1, "s3:HeadBucket", UNKNOWN),)


def test_access_levels_of_what_is_beyond():
    (excess,) = check(Policy((allow("sqs:*", QUEUE),)), []).excess
    levels = dict(excess.levels)
    assert list(levels) == ["Permissions management", "Write", "Tagging", "Read"]
    assert sum(levels.values()) == len(excess.actions)
    (unknown,) = check(Policy((allow("nosuch:Do", "*"),)), []).excess
    assert unknown.levels == (("unknown", 1),)
