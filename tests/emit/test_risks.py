"""The risk notes: each row of the table, its cure, and what is no risk."""

from __future__ import annotations

import pytest
from emit_support import DEPLOYER, FUNCTION_ROLE, PASSED_TO_LAMBDA, allow, trace_of, used

from tracer import emit
from tracer.emit.draft import DraftOptions
from tracer.emit.risks import known_risks, risks
from tracer.model.policy import Conditions, Policy, Statement
from tracer.reference import table

ROLES = "arn:aws:iam::123456789012:role/orders-*"
USERS = "arn:aws:iam::123456789012:user/*"
OTHER = "arn:aws:iam::123456789012:role/invoices"
EDGE = Conditions.of("StringEquals", "iam:PermissionsBoundary", "arn:aws:iam::123456789012:policy/edge")
TO_CFN = Conditions.of("StringEquals", "iam:PassedToService", "cloudformation.amazonaws.com")


def names(*statements: Statement, principal: str = DEPLOYER) -> set[str]:
    return {finding.message.partition(":")[0] for finding in risks([Policy(statements)], principal)}


CASES = {
    "nothing": ([], set()),
    "all of IAM": ([allow("iam:*")], {"all-of-iam", "own-policy", "own-boundary", "role-written-and-passed",
                                      "pass-role-to-any-service"}),
    "a pattern that includes the holder": ([allow("iam:Put*Policy", USERS)], {"own-policy"}),
    "one that does not": ([allow("iam:PutUserPolicy", "arn:aws:iam::123456789012:user/ci-*")], set()),
    "its cure": ([allow("iam:PutUserPolicy", "*", conditions=EDGE)], set()),
    "the boundary of the holder": (
        [allow("iam:DeleteUserPermissionsBoundary", USERS)],
        {"own-boundary"},
    ),
    "a role that is written and passed": (
        [allow("iam:PutRolePolicy", ROLES), allow("iam:PassRole", FUNCTION_ROLE, conditions=PASSED_TO_LAMBDA)],
        {"role-written-and-passed"},
    ),
    "two roles": (
        [allow("iam:PutRolePolicy", OTHER), allow("iam:PassRole", FUNCTION_ROLE, conditions=PASSED_TO_LAMBDA)],
        set(),
    ),
    "its cure is a boundary": (
        [
            allow("iam:PutRolePolicy", ROLES, conditions=EDGE),
            allow("iam:PassRole", FUNCTION_ROLE, conditions=PASSED_TO_LAMBDA),
        ],
        set(),
    ),
    "a role that is made and assumed": (
        [allow("iam:CreateRole", ROLES), allow("sts:AssumeRole", ROLES)],
        {"role-made-and-assumed"},
    ),
    "a role for any service": ([allow("iam:PassRole", FUNCTION_ROLE)], {"pass-role-to-any-service"}),
    "a role for functions": (
        [allow("iam:PassRole", FUNCTION_ROLE, conditions=PASSED_TO_LAMBDA), allow("lambda:Create*")],
        {"pass-role-to-function"},
    ),
    "a role for stacks, and functions": (
        [allow("iam:PassRole", FUNCTION_ROLE, conditions=TO_CFN), allow(["lambda:*", "cloudformation:*"])],
        {"pass-role-to-stack"},
    ),
    "a deny takes it away": (
        [allow("iam:PassRole", FUNCTION_ROLE), allow("iam:PassRole", effect="Deny")],
        set(),
    ),
    "all but the action": (
        [Statement(not_actions=("s3:*", "iam:*"), resources=("*",))],
        set(),
    ),
    "all but others": (
        [Statement(not_actions=("s3:*",), resources=("*",)), allow("iam:*", effect="Deny")],
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "expected"), CASES.values(), ids=CASES)
def test_risks(statements: list[Statement], expected: set[str]):
    assert names(*statements) == expected


def test_every_row_has_a_case():
    assert set().union(*(expected for _, expected in CASES.values())) == {risk.risk for risk in known_risks()}


@pytest.mark.parametrize("risk", known_risks(), ids=lambda risk: risk.risk)
def test_a_row_is_whole(risk: object):
    assert risk.says
    assert risk.cure
    assert risk.source.startswith("https://docs.aws.amazon.com/")
    for need in risk.needs:
        assert need.on in {"any", "self", "every", "same"}
        for action in need.actions:
            assert table.lookup(action.service, action.name).action.text == action.text
        for key in need.without:
            for action in need.actions:
                known = {name.lower() for name in table.lookup(action.service, action.name).conditions}
                assert key in known or action.text == "iam:AddUserToGroup"


def test_a_session_is_itself_by_its_role():
    role = "arn:aws:iam::123456789012:role/ci/deploy"
    assert names(allow("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/ci/*"), principal=role) == {"own-policy"}


def test_the_message_says_what_and_what_to_do():
    (finding,) = risks([Policy((allow("iam:PassRole", FUNCTION_ROLE),))], DEPLOYER)
    assert finding.severity == "note"
    assert f"the policy of {DEPLOYER} grants iam:PassRole on {FUNCTION_ROLE}" in finding.message
    assert "iam:PassedToService" in finding.message
    assert "https://docs.aws.amazon.com/IAM/" in finding.message


def test_a_draft_tells_them_and_a_boundary_takes_them_away():
    run = trace_of(used("iam:CreateRole", FUNCTION_ROLE), used("iam:PutRolePolicy", FUNCTION_ROLE),
                   used("iam:PassRole", FUNCTION_ROLE, PASSED_TO_LAMBDA))  # fmt: skip
    edge = "arn:aws:iam::123456789012:policy/edge"

    def told(boundary: str | None) -> set[str]:
        draft = emit.draft([run], DraftOptions(baseline="none", boundary=boundary))
        return {item.message.partition(":")[0] for item in draft.findings if item.code == "ESCALATION_RISK"}

    assert told(None) == {"role-written-and-passed"}
    assert told(edge) == set()


def test_the_simple_baseline_is_told():
    draft = emit.draft(
        [trace_of(used("s3:CreateBucket", "arn:aws:s3:::a"))], DraftOptions(baseline="serverless-simple")
    )
    assert any(item.message.startswith("all-of-iam:") for item in draft.findings)
