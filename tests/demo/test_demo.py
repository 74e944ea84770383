"""What tracer makes of a run, against what was foreseen by hand, by meaning: Sids, order and grouping are free.

What `expected/` holds and how it came about is told in README.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from foreseen import Foreseen, Row, of_each_run, rows_of_each_run
from support import run_cli

from tracer import demo
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.permission import Basis, Permission, Section
from tracer.model.policy import Conditions, Policy, Statement
from tracer.model.trace import Trace

ROLE: Final = "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"


@pytest.fixture(params=of_each_run())
def run(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory):
    """Where what is written of a run is: it is written once."""
    return functools.cache(lambda run: run.trace(tmp_path_factory.mktemp(run.name)))


@pytest.fixture
def out(run: Foreseen, traced: Callable[[Foreseen], Path]):
    return traced(run)


@pytest.fixture
def policy(out: Path):
    return Policy.from_json((out / "deployer.json").read_text(encoding="utf-8"))


@pytest.fixture
def trace(out: Path):
    return Trace.from_json((out / "trace.json").read_text(encoding="utf-8"))


def needs(trace: Trace, section: Section) -> list[Permission]:
    return [used.permission for used in trace.permissions if used.permission.section is section]


def allows(statement: Statement, action: str, resource: str, conditions: Conditions) -> bool:
    return (
        any(Action(text).covers(Action(action)) for text in statement.actions)
        and any(ArnPattern(text).covers(ArnPattern(resource)) for text in statement.resources)
        and statement.conditions.weaker_than(conditions)
    )


def allowed(statements: Iterable[Statement], permission: Permission) -> bool:
    need = (permission.action.text, permission.resource.text, permission.conditions)
    return any(allows(statement, *need) for statement in statements)


def listed(rows: Iterable[Row], action: str, resource: str) -> bool:
    """Whether a row holds this action on this resource, or on more."""
    return any(
        Action(row["action"]) == Action(action) and ArnPattern(row["resource"]).covers(ArnPattern(resource))
        for row in rows
    )


def beyond_the_template(policy: Policy, run: Foreseen) -> Iterator[tuple[str, str]]:
    for statement in policy.statements[len(run.template) :]:
        yield from ((action, resource) for action in statement.actions for resource in statement.resources)


# --- The policy ------------------------------------------------------------------------------------------------------


def test_the_template_comes_first_and_unchanged(run: Foreseen, policy: Policy):
    def meaning(statement: Statement) -> tuple[Any, ...]:
        return (statement.effect, statement.actions, statement.resources, statement.conditions)

    assert list(map(meaning, policy.statements[: len(run.template)])) == list(map(meaning, run.template))


@pytest.mark.parametrize(("run", "row"), rows_of_each_run("added"), indirect=["run"])
def test_what_was_expected_is_allowed(row: Row, policy: Policy):
    conditions = Conditions.from_json(row["conditions"])
    assert any(allows(item, row["action"], row["resource"], conditions) for item in policy.statements)


def test_nothing_unexpected_is_allowed(run: Foreseen, policy: Policy):
    rows = run.foreseen("added")
    assert [grant for grant in beyond_the_template(policy, run) if not listed(rows, *grant)] == []


def test_star_only_actions_stand_alone(run: Foreseen, policy: Policy):
    for statement in policy.statements[len(run.template) :]:
        assert "*" not in statement.resources or statement.resources == ("*",)


def test_one_document_is_enough(out: Path):
    assert [path.name for path in out.glob("deployer*")] == ["deployer.json"]


# --- The trace -------------------------------------------------------------------------------------------------------


def test_what_the_template_does_not_allow_was_expected(run: Foreseen, trace: Trace):
    rows = run.foreseen("added")
    outside = [permission for permission in needs(trace, Section.DEPLOYER) if not allowed(run.template, permission)]
    assert outside
    assert [item for item in outside if not listed(rows, item.action.text, item.resource.text)] == []


@pytest.mark.parametrize(("run", "row"), rows_of_each_run("used_from_baseline"), indirect=["run"])
def test_used_of_the_template(run: Foreseen, row: Row, trace: Trace):
    assert row["basis"] in bases(run, row, trace)


@pytest.mark.parametrize(("run", "row"), rows_of_each_run("unused_baseline"), indirect=["run"])
def test_not_used_of_the_template(run: Foreseen, row: Row, trace: Trace):
    assert bases(run, row, trace) == set()


def bases(run: Foreseen, row: Row, trace: Trace) -> set[str]:
    """How the permissions are known that one action of one statement of the template allows."""
    statement = run.template[row["statement"] - 1]
    alone = Statement(actions=(row["action"],), resources=statement.resources)
    return {item.basis.value for item in needs(trace, Section.DEPLOYER) if allowed([alone], item)}


def test_passing_the_functions_role_is_known_though_never_logged(trace: Trace):
    passed = [item for item in needs(trace, Section.DEPLOYER) if item.action == Action("iam:PassRole")]
    assert {(item.resource.text, item.basis) for item in passed} == {(ROLE, Basis.IMPLIED)}
    for item in passed:
        assert item.conditions.to_json() == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_the_functions_have_a_section_of_their_own(run: Foreseen, trace: Trace):
    needed = needs(trace, Section.FUNCTION)
    assert {item.principal for item in needed} == {ROLE}
    rows = run.foreseen("function")
    assert [item for item in needed if not listed(rows, item.action.text, item.resource.text)] == []
    for row in rows:
        assert any(
            item.action == Action(row["action"]) and item.resource.covers(ArnPattern(row["resource"]))
            for item in needed
        )


def test_nobody_else_is_in_it(trace: Trace):
    assert {used.permission.principal for used in trace.permissions} == {demo.PRINCIPAL, ROLE}


def test_the_refused_call_is_told_and_not_granted(run: Foreseen, trace: Trace, policy: Policy):
    (denial,) = trace.denied
    assert (denial.principal, denial.action, denial.resource) == (
        demo.PRINCIPAL,
        "ecr:DescribeRepositories",
        "arn:aws:ecr:us-east-1:123456789012:repository/serverless-orders-dev",
    )
    assert (denial.error, denial.cause, denial.read_from) == (run.refused_with, "identity-based", "message")
    assert denial.evidence.count == 1
    assert not any(action.startswith("ecr:") for action, _ in beyond_the_template(policy, run))


def test_every_record_ends_in_its_bin(run: Foreseen, trace: Trace):
    assert trace.accounting.to_json() == run.foreseen("accounting")


def test_the_run_is_known_by_its_stack(trace: Trace):
    run = trace.run
    assert (run.principals, run.service, run.stage) == ((demo.PRINCIPAL,), demo.SERVICE, demo.STAGE)
    assert (run.accounts, run.regions, run.partition) == ((demo.ACCOUNT,), (demo.REGION,), "aws")


def test_nothing_stayed_unknown(trace: Trace):
    assert [finding for finding in trace.findings if finding.code.startswith("UNKNOWN_")] == []


def test_every_action_that_the_tightened_policy_grants_can_be_explained(run: Foreseen, tmp_path: Path):
    out = run.trace(tmp_path, "--merge", "tighten")
    granted = [
        (action, resource)
        for path in (*out.glob("deployer*.json"), *out.glob("function-*.json"))
        for statement in Policy.from_json(path.read_text(encoding="utf-8")).statements
        for action in statement.actions
        for resource in statement.resources
    ]
    told = {
        action: run_cli("explain", action, out / "trace.json").stdout for action in {action for action, _ in granted}
    }
    assert len(told) > 60
    assert [grant for grant in granted if "{} on {}\n".format(*grant) not in told[grant[0]]] == []
