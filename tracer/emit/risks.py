"""Risk notes: what in a policy lets its holder get more permissions than the policy says, and the usual cure.

The risks are data, `risks.json`, one row each:

    risk     its name
    needs    what the policy must grant for it, one action of each need:
        actions    the actions
        on         any: whatever resource; self: the holder himself; every: every resource; same: a resource of the
                   first need
        without    condition keys: a statement that has one of them is no risk
        passed_to  of iam:PassRole: the service that the role can be passed to
    all      whether each action of a need is needed, and not one of them
    says     what its holder can do
    cure     what is usually done about it
    source   the page of AWS

They are notes and no warnings: every deploy that makes a role for a function has one of them, and its policy is right
all the same. `--strict` fails on what makes a policy doubtful, and would fail on each of these deploys.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from tracer.emit.conditions import Facts, holds
from tracer.emit.grants import Denies, Grant, parsed_action
from tracer.emit.overlap import overlap
from tracer.model.action import Action
from tracer.model.arn import Arn, ArnPattern
from tracer.model.finding import Finding
from tracer.model.policy import Conditions, Policy, Statement

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a risk takes; see the module."""

    actions: tuple[Action, ...]
    on: str
    without: frozenset[str]
    passed_to: str | None


@dataclass(frozen=True, slots=True)
class Risk:
    """One row of `risks.json`."""

    risk: str
    needs: tuple[Need, ...]
    all: bool
    says: str
    cure: str
    source: str


@dataclass(frozen=True, slots=True, order=True)
class _Given:
    """What a policy grants for a need."""

    action: str
    resource: str


@functools.cache
def known_risks() -> tuple[Risk, ...]:
    """The rows of the table."""
    text = (resources.files("tracer.emit") / "risks.json").read_text(encoding="utf-8")
    return tuple(_risk(row) for row in json.loads(text))


def _risk(row: Mapping[str, Any]) -> Risk:
    needs = tuple(
        Need(
            actions=tuple(map(Action, need["actions"])),
            on=need["on"],
            without=frozenset(key.lower() for key in need.get("without", ())),
            passed_to=need.get("passed_to"),
        )
        for need in row["needs"]
    )
    return Risk(row["risk"], needs, row.get("all", False), row["says"], row["cure"], row["source"])


def risks(policies: Iterable[Policy], principal: str) -> Iterator[Finding]:
    """The risks of `policies`, the documents of `principal`, together."""
    statements = tuple(statement for policy in policies for statement in policy.statements)
    for risk in known_risks():
        found = _found(risk, statements, principal)
        if found:
            grants = "; ".join(_told(given) for given in found)
            cure = f"The usual cure: {risk.cure} ({risk.source})"
            yield Finding(
                "ESCALATION_RISK", f"{risk.risk}: the policy of {principal} grants {grants}: {risk.says}. {cure}"
            )


def _found(risk: Risk, statements: Sequence[Statement], principal: str) -> list[list[_Given]]:
    """What is granted for each need; nothing where one of them is not met."""
    found: list[list[_Given]] = []
    for need in risk.needs:
        given = sorted(set(_given(need, statements, principal)))
        if need.on == "same":
            met = [one for one in given if any(overlap(one.resource, first.resource) for first in found[0])]
            found[0] = [one for one in found[0] if any(overlap(one.resource, other.resource) for other in met)]
            given = met
        names = {one.action for one in given}
        if not names or (risk.all and len(names) < len(need.actions)):
            return []
        found.append(given)
    return found


def _given(need: Need, statements: Sequence[Statement], principal: str) -> Iterator[_Given]:
    denies = Denies(statements)
    for statement in statements:
        if statement.effect != "Allow" or _cured(need, statement.conditions):
            continue
        for action in need.actions:
            if not _names(statement, action):
                continue
            for resource in statement.resources or ("*",):
                grant = Grant(action, ArnPattern(resource), statement.conditions)
                if _reaches(need.on, resource, principal) and not denies.covering(grant):
                    yield _Given(action.text, resource)


def _names(statement: Statement, action: Action) -> bool:
    texts = statement.actions or statement.not_actions
    return any(parsed_action(text).covers(action) for text in texts) != bool(statement.not_actions)


def _cured(need: Need, conditions: Conditions) -> bool:
    """Whether a statement's conditions keep it from being a risk."""
    if any(key.lower() in need.without for _, key, _ in conditions.items):
        return True
    if need.passed_to is None:
        return False
    return holds(conditions, Facts({"iam:passedtoservice": ((need.passed_to,),)})) is False


def _reaches(on: str, resource: str, principal: str) -> bool:
    match on:
        case "self":
            return Arn.find(principal) is not None and ArnPattern(resource).covers(ArnPattern.exactly(principal))
        case "every":
            return ArnPattern(resource).covers(ArnPattern("arn:*:iam::*:*"), spanning=True)
        case _:
            return True


def _told(given: Sequence[_Given]) -> str:
    """`iam:PutRolePolicy and iam:AttachRolePolicy on A, B`."""
    on: dict[str, list[str]] = {}
    for one in given:
        on.setdefault(one.action, []).append(one.resource)
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action, names in on.items():
        by_resources.setdefault(tuple(names), []).append(action)
    return ", ".join(
        f"{' and '.join(actions)} on {', '.join(names[:_SHOWN])}"
        + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        for names, actions in by_resources.items()
    )
