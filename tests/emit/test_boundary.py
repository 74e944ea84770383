"""--boundary: what gives a role or a user something, under the condition that it has the boundary."""

from __future__ import annotations

import pytest
from emit_support import DEPLOYER, FUNCTION_ROLE, allow, trace_of, used

from tracer import emit
from tracer.emit.boundary import GIVING, bounded, bounded_baseline
from tracer.emit.check import check
from tracer.emit.draft import DraftOptions, Merge
from tracer.emit.evaluate import Call, Decision, Evaluator
from tracer.errors import EmitError, UsageError
from tracer.model.policy import Conditions
from tracer.reference import table

EDGE = "arn:aws:iam::123456789012:policy/edge"
WITH_EDGE = Conditions.of("StringEquals", "iam:PermissionsBoundary", EDGE)
RUN = trace_of(
    used("iam:CreateRole", FUNCTION_ROLE),
    used("iam:PutRolePolicy", FUNCTION_ROLE),
    used("iam:DeleteRole", FUNCTION_ROLE),
)


@pytest.mark.parametrize("action", sorted(GIVING), ids=str)
def test_aws_has_the_condition_for_each_action(action: object):
    prefix, _, name = str(action).partition(":")
    assert "iam:PermissionsBoundary" in table.lookup(prefix, name).conditions


def test_a_run_is_narrowed_where_it_gives():
    by_name = {line.permission.action.name: line.permission.conditions for line in bounded(RUN.permissions, EDGE)}
    assert by_name == {"CreateRole": WITH_EDGE, "PutRolePolicy": WITH_EDGE, "DeleteRole": Conditions()}


def test_a_statement_of_the_baseline_becomes_two():
    mixed = allow(["iam:GetRole", "iam:CreateRole", "IAM:putrolepolicy"], FUNCTION_ROLE, sid="Roles")
    rest, narrowed = bounded_baseline([mixed], EDGE)
    assert (rest.actions, rest.conditions, rest.sid) == (("iam:GetRole",), Conditions(), "Roles")
    assert (narrowed.actions, narrowed.conditions) == (("iam:CreateRole", "IAM:putrolepolicy"), WITH_EDGE)
    assert narrowed.sid not in (None, "Roles")


@pytest.mark.parametrize(
    "statement",
    [
        allow("iam:*"),
        allow("s3:*"),
        allow("iam:CreateRole", effect="Deny"),
        allow("iam:CreateRole", conditions=WITH_EDGE),
    ],
    ids=["a wildcard", "others", "a deny", "one that says so"],
)
def test_other_statements_stay_as_they_are(statement: object):
    assert bounded_baseline([statement], EDGE) == (statement,)


@pytest.mark.parametrize("how", Merge)
def test_the_policy_makes_roles_with_the_boundary_alone(how: Merge):
    draft = emit.draft([RUN], DraftOptions(merge=how, boundary=EDGE))
    evaluator = Evaluator(draft.policies)
    for action in ("iam:CreateRole", "iam:PutRolePolicy"):
        with_it = Call(action, FUNCTION_ROLE, {"iam:PermissionsBoundary": EDGE})
        with_another = Call(action, FUNCTION_ROLE, {"iam:PermissionsBoundary": f"{EDGE}2"})
        answers = [evaluator.decide(call) for call in (with_it, with_another, Call(action, FUNCTION_ROLE))]
        assert answers == [Decision.ALLOWED, Decision.NOT_ALLOWED, Decision.NOT_ALLOWED]
    assert evaluator.decide(Call("iam:DeleteRole", FUNCTION_ROLE)) is Decision.ALLOWED


def test_the_policy_is_checked_against_what_is_asked_of_it():
    draft = emit.draft([RUN], DraftOptions(merge=Merge.OBSERVED, boundary=EDGE))
    needed = [line.permission for line in bounded(RUN.permissions, EDGE)]
    verdict = check(draft.policies, needed)
    assert (verdict.missing, verdict.excess) == ((), ())


def test_the_run_used_another_boundary():
    another = Conditions.of("StringEquals", "iam:PermissionsBoundary", f"{EDGE}2")
    with pytest.raises(EmitError, match="with another boundary"):
        emit.draft([trace_of(used("iam:CreateRole", FUNCTION_ROLE, another))], DraftOptions(boundary=EDGE))


def test_the_run_used_this_one():
    same = trace_of(used("iam:CreateRole", FUNCTION_ROLE, WITH_EDGE))
    (policy,) = emit.draft([same], DraftOptions(baseline="none", boundary=EDGE)).policies
    assert policy.statements[0].conditions == WITH_EDGE


@pytest.mark.parametrize("text", ["edge", DEPLOYER, "arn:aws:iam::123456789012:policy/*", "arn:aws:iam::1:policy/a"])
def test_what_is_no_policys_arn_is_told(text: str):
    with pytest.raises(UsageError, match="--boundary"):
        emit.draft([RUN], DraftOptions(boundary=text))
