"""Permissions become statements: by service, resources, conditions, actions, and nothing is widened on the way."""

from __future__ import annotations

import re

import pytest
from emit_support import PASSED_TO_LAMBDA, allow, permission

from tracer.emit.build import build, with_distinct_sids, with_sid
from tracer.emit.grants import Grant
from tracer.model.permission import Permission
from tracer.model.policy import Conditions

A, B = "arn:aws:lambda:us-east-1:1:function:a", "arn:aws:lambda:us-east-1:1:function:b"
ROLE = "arn:aws:iam::1:role/a"

CASES = {
    "actions of a resource share a statement": (
        [permission("lambda:GetFunction", A), permission("lambda:CreateFunction", A)],
        [(("lambda:CreateFunction", "lambda:GetFunction"), (A,))],
    ),
    "resources with the same actions share a statement": (
        [permission("lambda:GetFunction", B), permission("lambda:GetFunction", A)],
        [(("lambda:GetFunction",), (A, B))],
    ),
    "no rectangle, no join": (
        [
            permission("lambda:GetFunction", A),
            permission("lambda:GetFunction", B),
            permission("lambda:CreateFunction", B),
        ],
        [(("lambda:GetFunction",), (A,)), (("lambda:CreateFunction", "lambda:GetFunction"), (B,))],
    ),
    "star-only actions stand alone": (
        [permission("lambda:ListFunctions"), permission("lambda:GetFunction", A)],
        [(("lambda:ListFunctions",), ("*",)), (("lambda:GetFunction",), (A,))],
    ),
    "services are not mixed, and sorted": (
        [permission("logs:DescribeLogGroups"), permission("ec2:DescribeVpcs")],
        [(("ec2:DescribeVpcs",), ("*",)), (("logs:DescribeLogGroups",), ("*",))],
    ),
    "what a pattern covers is left out": (
        [permission("lambda:GetFunction", A), permission("lambda:GetFunction", A + "*")],
        [(("lambda:GetFunction",), (A + "*",))],
    ),
    "a pattern covers its own action alone": (
        [permission("lambda:CreateFunction", A), permission("lambda:GetFunction", A + "*")],
        [(("lambda:CreateFunction",), (A,)), (("lambda:GetFunction",), (A + "*",))],
    ),
    "an unconditional permission covers a conditional one": (
        [permission("iam:PassRole", ROLE, PASSED_TO_LAMBDA), permission("iam:PassRole", ROLE)],
        [(("iam:PassRole",), (ROLE,))],
    ),
    "of two spellings of one pattern one is left": (
        [permission("lambda:GetFunction", A + "**"), permission("lambda:GetFunction", A + "*")],
        [(("lambda:GetFunction",), (A + "*",))],
    ),
    "case does not make another action": (
        [permission("lambda:getfunction", A), permission("lambda:GetFunction", A)],
        [(("lambda:GetFunction",), (A,))],
    ),
    "an escaped star is a name": (
        [permission("s3:GetObject", "arn:aws:s3:::b/${*}"), permission("s3:GetObject", "arn:aws:s3:::b/k")],
        [(("s3:GetObject",), ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/k"))],
    ),
    "nothing gives nothing": ([], []),
}


@pytest.mark.parametrize(("permissions", "expected"), CASES.values(), ids=CASES)
def test_build(permissions: list[Permission], expected: list[tuple[tuple[str, ...], tuple[str, ...]]]):
    statements = build(Grant.of(one) for one in permissions)
    assert [(statement.actions, statement.resources) for statement in statements] == expected


PASSED = "iam:PassedToService"
POLICY = "iam:PolicyARN"
TO_EVENTS = Conditions.of("StringEquals", PASSED, "events.amazonaws.com")
TO_BOTH = Conditions.of("StringEquals", PASSED, "events.amazonaws.com", "lambda.amazonaws.com")
READ, WRITE = (Conditions.of("ArnEquals", POLICY, f"arn:aws:iam::aws:policy/{name}") for name in ("Read", "Write"))
READ_OR_WRITE = Conditions.of("ArnEquals", POLICY, "arn:aws:iam::aws:policy/Read", "arn:aws:iam::aws:policy/Write")
EDGE = Conditions.of("StringEquals", "iam:PermissionsBoundary", "arn:aws:iam::1:policy/edge")
NOT_READ, NOT_WRITE = (Conditions.of("ArnNotEquals", POLICY, f"arn:aws:iam::aws:policy/{name}") for name in "ab")

CONDITIONS = {
    "values of one key are alternatives": ([PASSED_TO_LAMBDA, TO_EVENTS], [TO_BOTH]),
    "with the same condition beside them": ([READ | EDGE, WRITE | EDGE], [READ_OR_WRITE | EDGE]),
    "not where another condition stands beside one of them": ([READ | EDGE, WRITE], [READ | EDGE, WRITE]),
    "not where two keys differ": (
        [READ | TO_EVENTS, WRITE | PASSED_TO_LAMBDA],
        [READ | TO_EVENTS, WRITE | PASSED_TO_LAMBDA],
    ),
    "two keys, each value of one with each of the other": (
        [READ | TO_EVENTS, WRITE | TO_EVENTS, READ | PASSED_TO_LAMBDA, WRITE | PASSED_TO_LAMBDA],
        [READ_OR_WRITE | TO_BOTH],
    ),
    "not what has to be another: all of its values have": ([NOT_READ, NOT_WRITE], [NOT_READ, NOT_WRITE]),
    "not under another operator": (
        [READ, Conditions.of("ArnLike", POLICY, "arn:aws:iam::1:policy/orders-*")],
        [READ, Conditions.of("ArnLike", POLICY, "arn:aws:iam::1:policy/orders-*")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("conditions", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions_share_a_statement_where_they_differ_in_the_values_of_one_key(
    conditions: list[Conditions], expected: list[Conditions]
):
    statements = build(Grant.of(permission("iam:AttachRolePolicy", ROLE, one)) for one in conditions)
    assert [statement.conditions for statement in statements] == sorted(expected)


def test_conditions_are_not_joined_on_different_resources():
    grants = [permission("iam:AttachRolePolicy", ROLE, READ), permission("iam:AttachRolePolicy", ROLE + "b", WRITE)]
    assert [one.conditions for one in build(map(Grant.of, grants))] == [READ, WRITE]


@pytest.mark.parametrize(
    ("action", "resource", "title"),
    [
        ("lambda:GetFunction", A, "LambdaFunction"),
        ("iam:GetRole", ROLE, "IamRole"),
        ("ec2:DescribeVpcs", "*", "Ec2Any"),
        ("logs:CreateLogGroup", "arn:aws:logs:us-east-1:1:log-group:/aws/lambda/a", "LogsLogGroup"),
        ("apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/*", "ApigatewayRestapis"),
        ("s3:ListBucket", "arn:aws:s3:::bucket", "S3Bucket"),
        ("s3:GetObject", "arn:aws:s3:::bucket/key", "S3Object"),
        ("cognito-idp:CreateUserPool", "*", "CognitoIdpAny"),
        (
            "dynamodb:CreateTable",
            "arn:aws:dynamodb:us-east-1:1:" + "long" * 20 + "/a",
            "Dynamodb" + "Long" + "long" * 5,
        ),
    ],
)
def test_a_sid_says_what_the_statement_is_about(action: str, resource: str, title: str):
    sid = with_sid(allow(action, resource)).sid
    assert sid is not None
    assert re.fullmatch(title + "[0-9a-f]{8}", sid)


def test_a_sid_follows_from_the_content_alone():
    one, same, other = allow("s3:GetObject", sid="Mine"), allow("s3:GetObject"), allow("s3:PutObject")
    assert with_sid(one) == with_sid(same) != with_sid(other)


def test_a_sid_that_comes_again_gets_a_number():
    statements = with_distinct_sids(
        [allow("s3:*", sid="A"), allow("sqs:*", sid="A"), allow("sns:*"), allow("ec2:*", sid="A")]
    )
    assert [statement.sid for statement in statements] == ["A", "Ax2", None, "Ax3"]
