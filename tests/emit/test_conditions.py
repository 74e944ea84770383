"""Every operator of a Condition block, and what is known, or not, of a call."""

from __future__ import annotations

import pytest
from emit_support import allow

from tracer.emit.check import check
from tracer.emit.conditions import OPERATORS, Facts, holds, parse
from tracer.emit.evaluate import Evaluator
from tracer.errors import UsageError
from tracer.model.arn import ArnPattern
from tracer.model.policy import Conditions, Policy

USER = "arn:aws:iam::123456789012:user/ci/deployer"

# operator, the policy's values, the call's values (none: the key is absent), the answer
CASES = [
    ("StringEquals", ["a", "b"], ["b"], True),
    ("StringEquals", ["A"], ["a"], False),
    ("StringEquals", ["*"], ["a"], False),
    ("StringEquals", ["${*}"], ["*"], True),
    ("StringEquals", ["a"], [], False),
    ("StringEqualsIfExists", ["a"], [], True),
    ("StringEqualsIfExists", ["a"], ["b"], False),
    ("StringNotEquals", ["a", "b"], ["b"], False),
    ("StringNotEquals", ["a", "b"], ["c"], True),
    ("StringNotEquals", ["a"], [], True),
    ("StringEqualsIgnoreCase", ["A"], ["a"], True),
    ("StringNotEqualsIgnoreCase", ["A"], ["a"], False),
    ("StringLike", ["a*", "?"], ["abc"], True),
    ("StringLike", ["a?"], ["abc"], False),
    ("StringLike", ["a${*}"], ["ab"], False),
    ("StringNotLike", ["a*"], ["abc"], False),
    ("stringlike", ["a*"], ["abc"], True),
    ("ArnLike", ["arn:aws:iam::*:user/*"], [USER], True),
    ("ArnEquals", ["arn:aws:iam::*:user/ci/deployer"], [USER], True),
    ("ArnEquals", ["arn:aws:*:user/ci/deployer"], [USER], False),
    ("ArnLike", ["*"], ["no-arn"], False),
    ("ArnNotLike", ["arn:aws:iam::*:role/*"], [USER], True),
    ("ArnNotEquals", [USER], [USER], False),
    ("NumericEquals", ["3600"], ["3600.0"], True),
    ("NumericNotEquals", ["3600"], ["300"], True),
    ("NumericLessThan", ["300"], ["299"], True),
    ("NumericLessThanEquals", ["300"], ["300"], True),
    ("NumericGreaterThan", ["300"], ["300"], False),
    ("NumericGreaterThanEquals", ["300"], ["nan"], False),
    ("NumericLessThan", ["1e3"], ["1"], False),
    ("DateEquals", ["2026-11-24T08:00:00Z"], ["2026-11-24T09:00:00+01:00"], True),
    ("DateNotEquals", ["2026-11-24T08:00:00Z"], ["2026-11-24T08:00:00Z"], False),
    ("DateLessThan", ["2026-11-24"], ["2026-11-23T23:59:59Z"], True),
    ("DateLessThanEquals", ["1795507200"], ["2026-11-24T08:00:00Z"], True),
    ("DateGreaterThan", ["2026-11-24T08:00:00Z"], ["yesterday"], False),
    ("DateGreaterThanEquals", ["2026-11-24T08:00:00Z"], ["2026-11-24T08:00:00Z"], True),
    ("Bool", ["true"], ["True"], True),
    ("Bool", ["false"], [], False),
    ("BoolIfExists", ["false"], [], True),
    ("BinaryEquals", ["QmluYXJ5"], ["QmluYXJ5"], True),
    ("IpAddress", ["10.0.0.0/8"], ["10.1.2.3"], True),
    ("IpAddress", ["10.0.0.1/8", "2001:db8::/32"], ["2001:db8::1"], True),
    ("IpAddress", ["0.0.0.0/0"], ["203.0.113.9"], True),
    ("NotIpAddress", ["10.0.0.0/8"], ["10.1.2.3"], False),
    ("IpAddress", ["10.0.0.0/8"], ["cloudformation.amazonaws.com"], False),
    ("Null", ["true"], [], True),
    ("Null", ["false"], ["a"], True),
    ("Null", ["true"], ["a"], False),
    ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True),
    ("ForAnyValue:StringEquals", ["a"], [], False),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["b", "a"], True),
    ("ForAllValues:StringLike", ["a*"], ["ab", "b"], False),
    ("ForAllValues:StringEquals", ["a"], [], True),
    ("ForAllValues:StringNotLike", ["a*"], ["b", "c"], True),
]


@pytest.mark.parametrize(
    ("operator", "texts", "values", "answer"), CASES, ids=[f"{row[0]} {row[1]} {row[2]}" for row in CASES]
)
def test_operators(operator: str, texts: list[str], values: list[str], answer: bool):
    context = {"Some:Key": values} if values else {}
    assert holds(Conditions.of(operator, "some:key", *texts), Facts.of_request(context)) is answer


def test_every_operator_has_a_case():
    tried = {parse(operator).operator for operator, _, _, _ in CASES}
    assert set(OPERATORS.values()) <= tried


@pytest.mark.parametrize(
    "operator", ["StringEqual", "ForEachValue:StringEquals", "NullIfExists", "ForAnyValue:Null", ""]
)
def test_an_operator_that_is_unknown_is_an_error_and_never_a_pass(operator: str):
    policy = Policy((allow("s3:*", conditions=Conditions.of(operator, "aws:username", "a")),))
    deny = Policy((allow("s3:*", effect="Deny", conditions=Conditions.of(operator, "aws:username", "a")),))
    for ask in (Evaluator, lambda policy: check(policy, [])):
        for one in (policy, deny):
            with pytest.raises(UsageError, match="which is unknown, so it cannot be judged"):
                ask(one)


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("home/${aws:username}/*", "home/deployer/*"),
        ("home/${aws:UserName}", "home/deployer"),
        ("${aws:PrincipalTag/team}", "a${*}b"),
        ("${aws:PrincipalTag/none, 'some'}", "some"),
        ("${aws:username, 'some'}", "deployer"),
        ("${aws:PrincipalTag/none}", None),
        ("${aws:CalledVia}", None),
        ("${*}${?}${$}", "${*}${?}${$}"),
    ],
)
def test_policy_variables(text: str, resolved: str | None):
    context = {"aws:username": "deployer", "aws:principaltag/team": "a*b", "aws:CalledVia": ["a", "b"]}
    assert Facts.of_request(context).resolved(text) == resolved


# --- calls that are known in part ------------------------------------------------------------------------------------

PART = Facts.of_grant(
    ArnPattern("arn:aws:lambda:us-east-1:123456789012:function:*"),
    Conditions((("StringEquals", "iam:PassedToService", ("ec2.amazonaws.com", "lambda.amazonaws.com")),)),
    USER,
)

KNOWN_IN_PART = {
    "both values stand it": (Conditions.of("StringLike", "iam:PassedToService", "*.amazonaws.com"), True),
    "one of them does": (Conditions.of("StringEquals", "iam:PassedToService", "ec2.amazonaws.com"), None),
    "none of them does": (Conditions.of("StringEquals", "iam:PassedToService", "sns.amazonaws.com"), False),
    "nothing is known": (Conditions.of("Bool", "aws:SecureTransport", "true"), None),
    "not even whether it exists": (Conditions.of("Null", "aws:SecureTransport", "true"), None),
    "the resource tells the region": (Conditions.of("StringEquals", "aws:RequestedRegion", "us-east-1"), True),
    "and the account": (Conditions.of("StringNotEquals", "aws:ResourceAccount", "123456789012"), False),
    "the principal tells its name": (Conditions.of("StringEquals", "aws:username", "deployer"), True),
    "and its ARN": (Conditions.of("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/ci/*"), True),
    "a variable of which nothing is known": (
        Conditions.of("StringEquals", "aws:username", "${aws:PrincipalTag/owner}"),
        None,
    ),
    "a no beats what is unknown": (
        Conditions.of("Bool", "aws:SecureTransport", "true") | Conditions.of("StringEquals", "aws:username", "x"),
        False,
    ),
    "no condition": (Conditions(), True),
}


@pytest.mark.parametrize(("conditions", "answer"), KNOWN_IN_PART.values(), ids=KNOWN_IN_PART)
def test_what_is_known_in_part(conditions: Conditions, answer: bool | None):
    assert holds(conditions, PART) is answer


@pytest.mark.parametrize("arn", ["*", "arn:aws:s3:::bucket", "arn:aws:sqs:*:*:queue"])
def test_a_resource_in_no_certain_place_tells_none(arn: str):
    assert not {"aws:requestedregion", "aws:resourceaccount"} & set(
        Facts.of_grant(ArnPattern(arn), Conditions()).possible
    )
