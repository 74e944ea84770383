"""A stack's service role: its calls have a section of their own, and the deployer passes it."""

from __future__ import annotations

import pytest
from support import assumed_role, forwarded, iam_user, record

from tracer import reduce
from tracer.model.permission import Section
from tracer.model.run import DeployRun, TraceOptions

ROLE = "arn:aws:iam::123456789012:role/ops/stack-role"
PASSED = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}


def stack_call(**request):
    return record("UpdateStack", "cloudformation.amazonaws.com", request={"stackName": "orders-dev", **request})


def role_call():
    session = assumed_role("stack-role", "AWSCloudFormation", path="/ops/")
    return record("CreateTopic", "sns.amazonaws.com", **forwarded(session), request={"name": "orders"})


def trace(*records, **options):
    run = DeployRun(principals=(iam_user()["arn"],))
    return reduce.reduce_records(lambda: list(records), run, TraceOptions(**options))


def pass_role(found):
    return [
        (used.permission.resource.text, used.permission.conditions.to_json(), used.permission.basis.value)
        for used in found.permissions
        if used.permission.action.text == "iam:PassRole"
    ]


def test_trap_2_a_service_role_has_its_own_section_and_is_passed():
    found = trace(stack_call(roleARN=ROLE), role_call())
    sections = {used.permission.action.text: used.permission.section for used in found.permissions}
    assert sections["sns:CreateTopic"] is Section.SERVICE_ROLE
    assert sections["cloudformation:UpdateStack"] is Section.DEPLOYER
    assert pass_role(found) == [(ROLE, PASSED, "implied")]


def test_a_role_that_only_the_stack_remembers_is_passed_as_well():
    found = trace(stack_call(), role_call())
    assert pass_role(found) == [(ROLE, PASSED, "inferred")]
    (line,) = (used for used in found.permissions if used.permission.action.text == "iam:PassRole")
    assert (line.permission.section, line.permission.rule) == (Section.DEPLOYER, "pass-role/stack-role")
    assert (line.evidence.count, line.evidence.first, line.evidence.events) == (0, None, ())


def test_without_inferred_lines_it_is_not():
    assert pass_role(trace(stack_call(), role_call(), inferred=False)) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_in_any_order(order):
    records = (stack_call(), role_call())
    assert trace(*(records[place] for place in order)) == trace(*records)
