"""The three ways of merging, statement by statement, and what is told of the baseline."""

from __future__ import annotations

import pytest
from emit_support import PASSED_TO_LAMBDA, allow, used

from tracer.emit.lines import Line, Provenance, attributed
from tracer.emit.merge import Merge, merge
from tracer.model.permission import Basis, UsedPermission
from tracer.model.policy import Conditions, Statement

BUCKET = "arn:aws:s3:::orders-dev"
ROLE = "arn:aws:iam::1:role/orders-dev"
READ = allow(["s3:Get*", "s3:List*"], "arn:aws:s3:::orders*", sid="Read")


def texts(lines: tuple[UsedPermission, ...]) -> list[str]:
    return [line.permission.action.text for line in lines]


def outcome(permissions: list[UsedPermission], baseline: list[Statement], how: Merge) -> list[tuple[object, ...]]:
    lines = merge(permissions, baseline, how).lines
    return [(line.statement.actions, line.statement.resources, line.baseline) for line in lines]


def test_extend_keeps_the_baseline_and_adds_what_it_does_not_allow():
    permissions = [used("s3:GetObject", BUCKET + "/key"), used("s3:PutObject", BUCKET + "/key")]
    assert outcome(permissions, [READ], Merge.EXTEND) == [
        (READ.actions, READ.resources, True),
        (("s3:PutObject",), (BUCKET + "/key",), False),
    ]


def test_tighten_narrows_a_statement_in_its_place_and_keeps_its_sid():
    unused = allow("sqs:*", "arn:aws:sqs:*:*:orders*")
    permissions = [used("s3:GetObject", BUCKET + "/key"), used("ec2:DescribeVpcs")]
    merged = merge(permissions, [unused, READ], Merge.TIGHTEN)
    first, second = merged.lines
    assert first == Line(allow("s3:GetObject", BUCKET + "/key", sid="Read"), baseline=True)
    assert (second.statement.actions, second.baseline) == (("ec2:DescribeVpcs",), False)
    assert [(one.number, one.actions, one.whole) for one in merged.unused] == [
        (1, ("sqs:*",), True),
        (2, ("s3:List*",), False),
    ]


def test_tighten_never_makes_a_rectangle_out_of_two_corners():
    permissions = [used("s3:GetObject", BUCKET + "/key"), used("s3:ListBucket", BUCKET)]
    assert outcome(permissions, [READ], Merge.TIGHTEN) == [
        (("s3:ListBucket",), (BUCKET,), True),
        (("s3:GetObject",), (BUCKET + "/key",), True),
    ]


def test_the_statements_behind_a_deny_are_tightened_and_told_like_those_before_it():
    # The order of statements means nothing to IAM: a Deny in the middle of a baseline ends nothing.
    deny, unused = allow("sqs:*", effect="Deny"), allow("sns:*")
    merged = merge([used("s3:GetObject", BUCKET + "/key")], [deny, READ, unused], Merge.TIGHTEN)
    assert [line.statement for line in merged.lines] == [deny, allow("s3:GetObject", BUCKET + "/key", sid="Read")]
    assert [(one.number, one.statement, one.whole) for one in merged.unused] == [(2, READ, False), (3, unused, True)]


def test_unused_is_what_no_permission_needed_and_nothing_else():
    spent = allow(["s3:GetObject", "s3:PutObject"], BUCKET + "/*")
    all_but = Statement(not_actions=("s3:*",), resources=(BUCKET,))
    permissions = [used("s3:GetObject", BUCKET + "/key"), used("s3:PutObject", BUCKET + "/key")]
    (unused,) = merge(permissions, [spent, all_but], Merge.EXTEND).unused
    assert (unused.statement, unused.actions, unused.whole) == (all_but, (), True)


def test_observed_leaves_the_baseline_out():
    merged = merge([used("s3:GetObject", BUCKET + "/key")], [READ, allow("s3:*", effect="Deny")], Merge.OBSERVED)
    assert [line.statement.actions for line in merged.lines] == [("s3:GetObject",)]
    assert (merged.already, merged.unused, merged.blocked) == ((), (), ())


@pytest.mark.parametrize("how", [Merge.EXTEND, Merge.TIGHTEN])
def test_a_deny_is_kept_as_it_is_and_told_where_it_stands_in_the_way(how: Merge):
    deny = Statement(effect="Deny", not_actions=("ec2:*",), resources=("arn:aws:s3:::orders*",), sid="Guard")
    permissions = [used("s3:GetObject", BUCKET + "/key"), used("ec2:DescribeVpcs")]
    merged = merge(permissions, [READ, deny], how)
    assert Line(deny, baseline=True) in merged.lines
    assert [(texts((blocked.used,)), blocked.by) for blocked in merged.blocked] == [(["s3:GetObject"], deny)]


DENIES = {
    "another action": (allow("s3:PutObject", effect="Deny"), False),
    "the action": (allow("S3:getobject", BUCKET + "/*", effect="Deny"), True),
    "an action pattern": (allow("s3:Get*", effect="Deny"), True),
    "another resource": (allow("s3:*", "arn:aws:s3:::invoices/*", effect="Deny"), False),
    "part of the resource": (allow("s3:*", BUCKET + "/*/secret", effect="Deny"), True),
    "all but the action": (Statement("Deny", not_actions=("s3:Get*",), resources=("*",)), False),
    "all but the resource": (Statement("Deny", actions=("*",), not_resources=("arn:aws:s3:::*",)), False),
    "all but part of the resource": (Statement("Deny", actions=("*",), not_resources=(BUCKET + "/a/b",)), True),
    "a condition of which nothing is known": (
        allow("*", effect="Deny", conditions=Conditions.of("Bool", "aws:MultiFactorAuthPresent", "false")),
        True,
    ),
}


@pytest.mark.parametrize(("deny", "blocks"), DENIES.values(), ids=DENIES)
def test_what_a_deny_blocks(deny: Statement, blocks: bool):
    merged = merge([used("s3:GetObject", BUCKET + "/a/*")], [deny], Merge.EXTEND)
    assert bool(merged.blocked) is blocks


CONTRADICTIONS = {
    "equals another value": (Conditions.of("StringEquals", "iam:PassedToService", "ec2.amazonaws.com"), False),
    "equals the value": (Conditions.of("StringEquals", "IAM:passedtoservice", "lambda.amazonaws.com"), True),
    "equals a variable": (Conditions.of("StringEquals", "iam:PassedToService", "${aws:PrincipalTag/s}"), True),
    "is none of the allowed": (Conditions.of("StringNotEquals", "iam:PassedToService", "lambda.amazonaws.com"), False),
    "is another than some": (Conditions.of("StringNotEquals", "iam:PassedToService", "ec2.amazonaws.com"), True),
    "a pattern that the value does not match": (Conditions.of("StringLike", "iam:PassedToService", "ec2*"), False),
    "a pattern that it matches": (Conditions.of("StringLikeIfExists", "iam:PassedToService", "lam?da*"), True),
    "another key": (Conditions.of("StringLike", "iam:AssociatedResourceArn", "*"), True),
    "the region of a resource without one": (
        Conditions.of("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
        True,
    ),
    "a resource of another account": (Conditions.of("StringNotEquals", "aws:ResourceAccount", "1"), False),
    "another principal": (Conditions.of("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/deployer"), False),
    "this user": (Conditions.of("StringEquals", "aws:username", "deployer"), True),
}


@pytest.mark.parametrize(("conditions", "blocks"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_deny_whose_condition_contradicts_the_permission_does_not_block(conditions: Conditions, blocks: bool):
    deny = allow("iam:PassRole", effect="Deny", conditions=conditions)
    merged = merge([used("iam:PassRole", ROLE, PASSED_TO_LAMBDA)], [deny], Merge.EXTEND)
    assert bool(merged.blocked) is blocks


def test_a_deny_of_resources_leaves_a_star_only_action_alone():
    deny = allow("ec2:*", "arn:aws:ec2:*:*:vpc/*", effect="Deny")
    unknown = used("lambda:GetFunction")
    merged = merge(
        [used("ec2:DescribeVpcs"), unknown], [deny, allow("lambda:*", "arn:aws:lambda:*", effect="Deny")], Merge.EXTEND
    )
    assert [blocked.used for blocked in merged.blocked] == [unknown]


def test_a_conditional_baseline_allows_only_what_has_its_condition():
    baseline = [allow("iam:PassRole", "arn:aws:iam::1:role/*", conditions=PASSED_TO_LAMBDA)]
    bare, passed = used("iam:PassRole", ROLE), used("iam:PassRole", ROLE, PASSED_TO_LAMBDA)
    merged = merge([bare, passed], baseline, Merge.EXTEND)
    assert (merged.already, merged.added) == ((passed,), (bare,))


def test_a_star_only_action_is_not_allowed_by_a_scoped_resource():
    baseline = [allow("logs:DescribeLogGroups", "arn:aws:logs:us-east-1:1:log-group::log-stream:*")]
    merged = merge([used("logs:DescribeLogGroups")], baseline, Merge.EXTEND)
    assert (texts(merged.added), merged.unused[0].whole) == (["logs:DescribeLogGroups"], True)


def test_not_action_and_not_resource_allow_what_they_do_not_name():
    baseline = [Statement(not_actions=("iam:*",), not_resources=("arn:aws:s3:::secret*",))]
    permissions = [
        used("s3:GetObject", BUCKET + "/key"),
        used("s3:GetObject", "arn:aws:s3:::*"),
        used("iam:GetRole", ROLE),
    ]
    merged = merge(permissions, baseline, Merge.EXTEND)
    assert [line.permission.resource.text for line in merged.already] == [BUCKET + "/key"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (Line(READ, True), Provenance.BASELINE),
        (Line(READ, True, (used("s3:GetObject", BUCKET),)), Provenance.BOTH),
        (Line(READ, False, (used("s3:GetObject", basis=Basis.IMPLIED), used("s3:GetObject"))), Provenance.OBSERVED),
        (
            Line(READ, False, (used("s3:GetObject", basis=Basis.INFERRED), used("s3:GetObject", basis=Basis.IMPLIED))),
            Provenance.IMPLIED,
        ),
        (
            Line(READ, False, (used("s3:GetObject", basis=Basis.DENIED), used("s3:GetObject", basis=Basis.INFERRED))),
            Provenance.INFERRED,
        ),
        (Line(READ, False, (used("s3:GetObject", basis=Basis.DENIED),)), Provenance.DENIED),
    ],
    ids=lambda value: value.value if isinstance(value, Provenance) else "",
)
def test_where_a_statement_comes_from(line: Line, expected: Provenance):
    assert line.provenance is expected


def test_a_permission_is_attributed_to_every_statement_that_allows_it():
    get = used("s3:GetObject", BUCKET + "/key")
    lines = attributed([Line(READ), Line(allow("s3:GetObject")), Line(allow("s3:PutObject"))], [get])
    assert [line.used for line in lines] == [(get,), (get,), ()]
