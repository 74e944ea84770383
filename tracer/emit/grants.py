"""`Allows` and `Denies`: the statements of policies, ready to be asked what they grant and what they take away.

A question is a permission: an action on a resource pattern under conditions, all that a trace knows of its calls. It is
granted where one Allow statement covers it whole, and blocked where a Deny statement has anything in common with it.
(About single calls, known in whole, `tracer.emit.evaluate` decides.) How AWS decides:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html.

A trace can hold thousands of permissions, and a policy as many grants, so grants are kept by action, and the
resources under an action by the text at which a pattern begins and ends: a question meets the few that can cover it,
and not all.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from tracer.emit.conditions import Facts, holds, implied, refuse_unknown
from tracer.emit.overlap import overlap
from tracer.errors import UsageError
from tracer.model.action import Action, InvalidAction
from tracer.model.arn import ArnPattern
from tracer.model.permission import Permission
from tracer.model.policy import Conditions, Statement
from tracer.reference import table

T = TypeVar("T")

_SPECIAL: Final = re.compile(r"[*?$}]")
"""What ends the literal beginning of a pattern, and begins its literal end."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an Allow gives, or what is asked of it: an action on a resource under conditions; each may be a pattern.

    `principal` is whose calls are asked about, where that is known; grants are the same whoever asks.
    """

    action: Action
    resource: ArnPattern
    conditions: Conditions = field(default_factory=Conditions)
    principal: str = field(default="", compare=False)

    @classmethod
    def of(cls, permission: Permission) -> Grant:
        """What `permission` needs."""
        return cls(permission.action, permission.resource, permission.conditions, permission.principal)

    @property
    def facts(self) -> Facts:
        """What is known of its calls' context."""
        return Facts.of_grant(self.resource, self.conditions, self.principal)

    def implies(self, conditions: Conditions) -> bool:
        """Whether all its calls satisfy `conditions`."""
        return not conditions or implied(conditions, self.conditions, self.facts)


@dataclass(frozen=True, slots=True)
class Hit:
    """The statement that covers a grant, and the element of its Action by which it does (None: by its NotAction)."""

    number: int
    statement: Statement
    action: str | None


class PatternIndex(Generic[T]):
    """Values under resource patterns, found by what a pattern covers."""

    __slots__ = ("_literal", "_shapes", "_wild")

    def __init__(self) -> None:
        self._literal: dict[str, list[T]] = {}
        self._wild: dict[tuple[str, str], list[tuple[ArnPattern, T]]] = {}
        self._shapes: dict[tuple[int, int], None] = {}

    def add(self, pattern: ArnPattern, value: T) -> None:
        """Put `value` under `pattern`."""
        specials = list(_SPECIAL.finditer(pattern.text))
        if not specials:
            self._literal.setdefault(pattern.text, []).append(value)
            return
        head, tail = pattern.text[: specials[0].start()], pattern.text[specials[-1].end() :]
        self._wild.setdefault((head, tail), []).append((pattern, value))
        self._shapes[len(head), len(tail)] = None

    def covering(self, pattern: ArnPattern, *, spanning: bool) -> Iterator[T]:
        """The values whose pattern covers `pattern`; `spanning` as in ArnPattern.covers."""
        text = pattern.text
        yield from self._literal.get(text, ())
        for head, tail in self._shapes:
            if max(head, tail) > len(text):
                continue
            # A covering pattern begins and ends with the same letters: its literal ends can only match themselves.
            for candidate, value in self._wild.get((text[:head], text[len(text) - tail :]), ()):
                if candidate.covers(pattern, spanning=spanning):
                    yield value


class GrantIndex(Generic[T]):
    """Values under pairs of action and resource pattern, found by what the pair covers."""

    __slots__ = ("_names", "_patterns")

    def __init__(self) -> None:
        self._names: dict[Action, PatternIndex[T]] = {}
        self._patterns: dict[str, dict[Action, PatternIndex[T]]] = {}

    def add(self, action: Action, resource: ArnPattern, value: T) -> None:
        """Put `value` under the pair."""
        group = self._patterns.setdefault(action.service, {}) if action.is_pattern else self._names
        group.setdefault(action, PatternIndex()).add(resource, value)

    def covering(self, action: Action, resource: ArnPattern, *, spanning: bool) -> Iterator[T]:
        """The values whose action and resource cover these."""
        if action in self._names:
            yield from self._names[action].covering(resource, spanning=spanning)
        for service in dict.fromkeys((action.service, "*")):
            for pattern, resources in self._patterns.get(service, {}).items():
                if pattern.covers(action):
                    yield from resources.covering(resource, spanning=spanning)


class Allows:
    """The Allow statements among some statements; a statement's number is its place among all of them, from 0.

    Raises UsageError where an Action is none, or a condition operator is unknown.
    """

    __slots__ = ("_index", "_negated")

    def __init__(self, statements: Iterable[Statement]) -> None:
        statements = tuple(statements)
        refuse_unknown(statements)
        self._index: GrantIndex[Hit] = GrantIndex()
        self._negated: list[Hit] = []
        for number, statement in enumerate(statements):
            if statement.effect != "Allow":
                continue
            if statement.not_actions or statement.not_resources:
                self._negated.append(Hit(number, statement, None))
                continue
            for text in statement.actions:
                for resource in statement.resources:
                    self._index.add(parsed_action(text), ArnPattern(resource), Hit(number, statement, text))

    def granting(self, grant: Grant, *, spanning: bool = False) -> Iterator[Hit]:
        """What covers `grant` whole, in no particular order; its conditions must imply those of the statement."""
        for hit in self._index.covering(grant.action, grant.resource, spanning=spanning):
            if grant.implies(hit.statement.conditions):
                yield hit
        for hit in self._negated:
            statement = hit.statement
            if not grant.implies(statement.conditions):
                continue
            if resources_covered(statement, grant.resource, spanning=spanning):
                by = _action_covering(statement, grant.action)
                if by is not None or _not_actions_cover(statement, grant.action):
                    yield Hit(hit.number, statement, by)

    def grant(self, grant: Grant, *, spanning: bool = False) -> bool:
        """Whether one statement covers `grant` whole."""
        return next(self.granting(grant, spanning=spanning), None) is not None


class Denies:
    """The Deny statements among some statements. Raises UsageError where a condition operator is unknown."""

    __slots__ = ("statements",)

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.statements = tuple(statement for statement in statements if statement.effect == "Deny")
        refuse_unknown(self.statements)

    def blocking(self, grant: Grant) -> Statement | None:
        """The first statement that cannot be shown to leave all of `grant` alone, or None.

        A Deny is left out of account where its actions or resources have nothing in common with the grant's, or its
        conditions contradict the grant's. A condition of which the grant knows nothing may hold: that Deny counts.
        """
        return next((statement for statement in self.statements if _touches(statement, grant)), None)

    def covering(self, grant: Grant) -> bool:
        """Whether one statement takes away all of `grant`."""
        return any(
            grant.implies(statement.conditions)
            and actions_covered(statement, grant.action)
            and resources_covered(statement, grant.resource)
            for statement in self.statements
        )


def parsed_action(text: str) -> Action:
    """The Action that a policy spells. Raises UsageError where it is none."""
    try:
        return Action(text)
    except InvalidAction as error:
        raise UsageError(
            f"the policy holds an Action that is none: {text!r}",
            "write `service:Name`; wildcards may stand in the name, not in the service",
        ) from error


def expanded(action: Action, left_out: Iterable[str] = ()) -> Iterator[Action]:
    """The actions that `action` stands for, but for those of `left_out`; itself where the table knows none of it."""
    known = _known(action) if action.is_pattern else ()
    apart = [parsed_action(text) for text in left_out]
    return (one for one in known or (action,) if not any(pattern.covers(one) for pattern in apart))


@functools.lru_cache(maxsize=256)
def _known(pattern: Action) -> tuple[Action, ...]:
    return tuple(table.expand(pattern))


def actions_covered(statement: Statement, action: Action) -> bool:
    """Whether the Action or NotAction of `statement` holds all that `action` stands for."""
    return _action_covering(statement, action) is not None or _not_actions_cover(statement, action)


def resources_covered(statement: Statement, resource: ArnPattern, *, spanning: bool = False) -> bool:
    """Whether one Resource of `statement`, or its NotResource, holds all of `resource`."""
    if statement.not_resources:
        return not any(overlap(text, resource.text) for text in statement.not_resources)
    return any(ArnPattern(text).covers(resource, spanning=spanning) for text in statement.resources)


def _action_covering(statement: Statement, action: Action) -> str | None:
    return next((text for text in statement.actions if parsed_action(text).covers(action)), None)


def _not_actions_cover(statement: Statement, action: Action) -> bool:
    """Whether a NotAction leaves out nothing that `action` stands for."""
    return bool(statement.not_actions) and not any(_actions_meet(text, action) for text in statement.not_actions)


def _touches(deny: Statement, grant: Grant) -> bool:
    return (
        _touches_action(deny, grant.action)
        and _touches_resource(deny, grant)
        and holds(deny.conditions, grant.facts) is not False
    )


def _touches_action(deny: Statement, action: Action) -> bool:
    if deny.not_actions:
        return not any(parsed_action(text).covers(action) for text in deny.not_actions)
    return any(_actions_meet(text, action) for text in deny.actions)


def _touches_resource(deny: Statement, grant: Grant) -> bool:
    if deny.not_resources:
        return not any(ArnPattern(text).covers(grant.resource) for text in deny.not_resources)
    if grant.resource.is_star and _is_star_only(grant.action):
        # Such a call is checked on no resource, and a Deny that names one does not match it.
        return "*" in deny.resources
    return any(overlap(text, grant.resource.text) for text in deny.resources)


def _actions_meet(text: str, action: Action) -> bool:
    pattern = parsed_action(text)
    if "*" in (pattern.service, action.service):
        return True
    return pattern.service == action.service and overlap(pattern.name.lower(), action.name.lower())


def _is_star_only(action: Action) -> bool:
    fact = None if action.is_pattern else table.lookup(action.service, action.name)
    return fact is not None and fact.star_only
