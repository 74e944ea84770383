"""Take each granted action away in turn: which of them would nobody have missed?

Two ways, which must agree. `unused` puts the calls of a proof to the judge once more, without the action: up to its
first denial a run under the smaller policy is the same run, so what the judge refuses now is what AWS would have
refused then. That takes a second for all actions of a policy. `play_without` really deploys, once an action, and stops
at the first command that fails or is refused anything.

An action is used if some call is refused without it, whether the tool then fails or swallows the denial.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lab.scenarios import Scenario
from lab.stage import Document, Holders, Ran, Stage
from lab.trial import Proof

from tracer.rehearse.account import Account, Made
from tracer.rehearse.judge import Decision, Judge


def actions(documents: Sequence[Document]) -> list[str]:
    """The actions that the documents allow, as they are written, wildcards and all."""
    return sorted(
        {action for document in documents for statement in document["Statement"] for action in _of(statement)}
    )


def without(documents: Sequence[Document], action: str) -> list[Document]:
    """The documents without an action."""
    return [
        {**document, "Statement": [left for statement in document["Statement"] if (left := _less(statement, action))]}
        for document in documents
    ]


def unused(proof: Proof, judge: Judge) -> list[str]:
    """The actions that no call of the proof needed, be it the deployer's or a role's."""
    deployer = [call for ran in proof.ran for call in ran.calls if not _by_role(call, proof.scenario)]
    role = [call for ran in proof.ran for call in ran.calls if _by_role(call, proof.scenario)]
    if proof.scenario.assumed:
        deployer, role = role, []
    return [
        *_unused(proof.holders.deployer, deployer, judge),
        *_unused(proof.holders.role, role, judge),
    ]


def play_without(account: Account, scenario: Scenario, folder: Path, holders: Holders, action: str) -> Ran | None:
    """The first step that fails or is refused something when the deployer does not hold this action; None: all pass."""
    stage = Stage.set(account, scenario, folder, replace(holders, deployer=without(holders.deployer, action)))
    return next((ran for ran in stage.play_all() if ran.exit_code or ran.denied), None)


def _unused(documents: Sequence[Document], calls: Sequence[Made], judge: Judge) -> Iterator[str]:
    allowed = [call for call in calls if not call.denied]
    for action in actions(documents):
        left = without(documents, action)
        if not any(_refused(call, action, left, judge) for call in allowed):
            yield action


def _refused(call: Made, action: str, documents: Sequence[Document], judge: Judge) -> bool:
    needs = [need for need in call.needs if fnmatchcase(need.action.lower(), action.lower())]
    return bool(needs) and any(
        decision is not Decision.ALLOWED for decision in judge.decide(documents, call.principal, needs)
    )


def _by_role(call: Made, scenario: Scenario) -> bool:
    return scenario.role is not None and f":assumed-role/{scenario.role.name}/" in call.principal


def _of(statement: Mapping[str, Any]) -> list[str]:
    if statement["Effect"] != "Allow":
        return []
    stated = statement["Action"]
    return [stated] if isinstance(stated, str) else list(stated)


def _less(statement: Mapping[str, Any], action: str) -> Mapping[str, Any] | None:
    if statement["Effect"] != "Allow":
        return statement
    left = [stated for stated in _of(statement) if stated != action]
    return {**statement, "Action": left} if left else None
