"""The lab can fail: a policy that is wrong in one point fails the first deploy, and at that point."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from lab.leave_one_out import without
from lab.scenarios import scenario
from lab.stage import NOTHING, Document, Holders, Stage
from lab.trial import Trial, holders_of, prove

from tracer.rehearse.account import Account
from tracer.rehearse.call import Key

Change = Callable[[list[Document]], list[Document]]


def missing(action: str, documents: list[Document]) -> list[Document]:
    return without(documents, action)


def reworded(old: str, new: str, documents: list[Document]) -> list[Document]:
    text = json.dumps(documents)
    assert old in text
    changed: list[Document] = json.loads(text.replace(old, new))
    return changed


CHANGES: dict[str, tuple[Change, str]] = {
    "an action is missing": (
        partial(missing, "lambda:CreateFunction"),
        "lambda:CreateFunction",
    ),
    "another function's ARN": (
        partial(reworded, "function:payroll-dev-", "function:bills-dev-"),
        "lambda:CreateFunction",
    ),
    "a role is passed to another service": (
        partial(reworded, '"lambda.amazonaws.com"', '"ec2.amazonaws.com"'),
        "iam:PassRole",
    ),
}


@pytest.mark.parametrize(("change", "denied"), CHANGES.values(), ids=CHANGES.keys())
def test_a_wrong_policy_is_noticed(change: Change, denied: str, account: Account, first_deploy: Trial, tmp_path: Path):
    right = holders_of(first_deploy.policies("observed"), first_deploy.scenario)
    wrong = Holders(right.deployer, change(list(right.role)))
    proof = prove(account, first_deploy.scenario, tmp_path, wrong)
    assert [ran.exit_code for ran in proof.ran] == [1]
    assert next(call.denied.action for call in proof.hard if call.denied) == denied  # then come the rollback's


def test_without_any_policy_everything_is_denied(account: Account, tmp_path: Path):
    proof = prove(account, scenario("roles"), tmp_path, NOTHING)
    asked = [call for ran in proof.ran for call in ran.calls if call.needs]
    assert [ran.exit_code for ran in proof.ran] == [1, 1, 1]
    assert asked
    assert all(call.denied for call in asked)


def test_a_key_that_the_account_does_not_know_is_refused(account: Account, tmp_path: Path):
    stage = Stage.set(account, scenario("roles"), tmp_path, NOTHING)
    nobody = account.environment(
        Key("AKIA0000000000000000", "secret", "arn:aws:iam::123456789012:user/nobody"), stage.user
    )
    ran = replace(stage, user=nobody).play(stage.scenario.steps[0])
    assert ran.exit_code == 1
    assert "security token included in the request is invalid" in ran.output
    assert not ran.calls
