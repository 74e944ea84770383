"""Statements that can grant nothing: what a policy says and IAM never acts on.

An action beside resources of which it can be checked on none is dead text, and usually a mistake of somebody who
believes to have granted it: an action that supports no resource-level permission beside an ARN, an action that does not
exist, a resource of another service. The action table decides; an action that it does not know is told as unknown,
for AWS has more actions than it documents.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tracer.emit.grants import expanded, parsed_action
from tracer.emit.overlap import overlap
from tracer.model.action import Action
from tracer.model.policy import Policy, Statement
from tracer.reference import table
from tracer.reference.table import ActionFact

STAR_ONLY: Final = 'it supports no resource-level permission, and needs Resource "*"'
UNKNOWN: Final = "the action table knows no such action"
NO_RESOURCE: Final = "none of the statement's resources is one that it is checked on"
NO_ACTION: Final = "none of the statement's actions is checked on such a resource"

_NO_SLASH: Final = {"s3": frozenset({"bucket"})}
"""Resource types by service whose names hold no `/`, so that what holds one is something in them: an object
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html)."""

_VARIABLE: Final = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True, slots=True, order=True)
class Idle:
    """An action or a resource of a statement that grants nothing there.

    Attributes:
        policy: the place of the policy among those checked, from 0.
        statement: the place of the statement in it, from 0.
        element: the action or the resource, as written.
        reason: why.
    """

    policy: int
    statement: int
    element: str
    reason: str


def idle(policies: Iterable[Policy]) -> Iterator[Idle]:
    """What of the Allows of `policies` can grant nothing, in their order: actions first, then resources."""
    for place, policy in enumerate(policies):
        for number, statement in enumerate(policy.statements):
            if statement.effect == "Allow" and statement.actions and statement.resources:
                for element, reason in _of(statement):
                    yield Idle(place, number, element, reason)


def _of(statement: Statement) -> Iterator[tuple[str, str]]:
    live = []
    for text in statement.actions:
        reason = _idle_action(parsed_action(text), statement.resources)
        if reason is None:
            live.append(parsed_action(text))
        else:
            yield text, reason
    for resource in statement.resources if live else ():
        if not any(_fits(one, resource) for action in live for one in expanded(action)):
            yield resource, NO_ACTION


def _idle_action(action: Action, resources: Sequence[str]) -> str | None:
    """Why no resource fits any action that `action` stands for; None where one does."""
    if next(expanded(action)).is_pattern or (not action.is_pattern and _fact(action) is None):
        return UNKNOWN
    if any(_fits(one, resource) for resource in resources for one in expanded(action)):
        return None
    facts = [fact for one in expanded(action) if (fact := _fact(one))]
    return STAR_ONLY if all(fact.star_only for fact in facts) else NO_RESOURCE


def _fact(action: Action) -> ActionFact | None:
    return table.lookup(action.service, action.name)


def _fits(action: Action, resource: str) -> bool:
    """Whether `action` may be checked on something that `resource` matches; true of an action that is not known."""
    if resource == "*":
        return True
    fact = _fact(action)
    if fact is None:
        return True
    return any(
        overlap(form, resource)
        for kind in fact.resources
        if not (kind.type in _NO_SLASH.get(action.service, ()) and "/" in resource)
        for form in _forms(action.service, kind.type)
    )


@functools.cache
def _forms(prefix: str, resource_type: str) -> tuple[str, ...]:
    """The ARN formats of a resource type, as patterns."""
    service = table.service(prefix)
    texts = service.resource_types.get(resource_type, ("*",)) if service else ("*",)
    return tuple(_VARIABLE.sub("*", text) for text in texts)
