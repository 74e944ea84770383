"""`Allows` and `Denies`: the statements of policies, ready to be asked what they grant and what they take away.

The evaluator of the emit stage. A question is a permission: an action on a resource pattern under conditions, all
that a trace knows of its calls. It is granted where one Allow statement covers it whole, and blocked where a Deny
statement has anything in common with it. How AWS decides:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html.

A trace can hold thousands of permissions, and a policy as many grants, so grants are kept by action, and the
resources under an action by the text at which a pattern begins and ends: a question meets the few that can cover it,
and not all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

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
    """What an Allow gives, or what is asked of it: an action on a resource under conditions; each may be a pattern."""

    action: Action
    resource: ArnPattern
    conditions: Conditions = field(default_factory=Conditions)

    @classmethod
    def of(cls, permission: Permission) -> Grant:
        """What `permission` needs."""
        return cls(permission.action, permission.resource, permission.conditions)


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

    Raises UsageError where an Action is none.
    """

    __slots__ = ("_index", "_negated")

    def __init__(self, statements: Iterable[Statement]) -> None:
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
            if hit.statement.conditions.weaker_than(grant.conditions):
                yield hit
        for hit in self._negated:
            statement = hit.statement
            if not statement.conditions.weaker_than(grant.conditions):
                continue
            if _resources_cover(statement, grant.resource, spanning=spanning):
                by = _action_covering(statement, grant.action)
                if by is not None or _not_actions_cover(statement, grant.action):
                    yield Hit(hit.number, statement, by)

    def grant(self, grant: Grant, *, spanning: bool = False) -> bool:
        """Whether one statement covers `grant` whole."""
        return next(self.granting(grant, spanning=spanning), None) is not None


class Denies:
    """The Deny statements among some statements."""

    __slots__ = ("statements",)

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.statements = tuple(statement for statement in statements if statement.effect == "Deny")

    def blocking(self, grant: Grant) -> Statement | None:
        """The first statement that cannot be shown to leave all of `grant` alone, or None.

        A Deny is left out of account where its actions or resources have nothing in common with the grant's, or its
        conditions contradict the grant's. A condition of which the grant knows nothing may hold: that Deny counts.
        """
        return next((statement for statement in self.statements if _touches(statement, grant)), None)

    def covering(self, grant: Grant) -> bool:
        """Whether one statement without conditions takes away all of `grant`."""
        return any(
            not statement.conditions
            and (_action_covering(statement, grant.action) is not None or _not_actions_cover(statement, grant.action))
            and _resources_cover(statement, grant.resource, spanning=False)
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


def _action_covering(statement: Statement, action: Action) -> str | None:
    return next((text for text in statement.actions if parsed_action(text).covers(action)), None)


def _not_actions_cover(statement: Statement, action: Action) -> bool:
    """Whether a NotAction leaves out nothing that `action` stands for."""
    return bool(statement.not_actions) and not any(_actions_meet(text, action) for text in statement.not_actions)


def _resources_cover(statement: Statement, resource: ArnPattern, *, spanning: bool) -> bool:
    if statement.not_resources:
        return not any(overlap(text, resource.text) for text in statement.not_resources)
    return any(ArnPattern(text).covers(resource, spanning=spanning) for text in statement.resources)


def _touches(deny: Statement, grant: Grant) -> bool:
    return (
        _touches_action(deny, grant.action)
        and _touches_resource(deny, grant)
        and not _contradict(deny.conditions, grant.conditions)
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


def _contradict(deny: Conditions, grant: Conditions) -> bool:
    """Whether no request can satisfy both blocks, as far as string equality on one key shows it."""
    return any(
        _excludes(operator, values, known)
        for operator, key, values in deny.items
        for known_operator, known_key, known in grant.items
        if known_operator == "StringEquals" and known_key.lower() == key.lower()
    )


def _excludes(operator: str, values: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Whether the test `operator` against `values` fails for each of the `known` values."""
    if any("${" in value for value in (*values, *known)):
        return False
    match operator:
        case "StringEquals":
            return not set(known) & set(values)
        case "StringNotEquals":
            return set(known) <= set(values)
        case _:
            return False
