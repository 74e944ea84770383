"""`diff`: what a new policy allows that an old one did not, and the other way round, by meaning and not by text.

Order, spelling, splitting and wildcards make no difference where the action table shows that none is there: `s3:List*`
and the list of all actions that it stands for are the same. In come policies of one principal, before and after; out
come the gains and the losses, action by action.

"Gained" errs on the safe side: it is said of everything that cannot be shown to have been allowed before. A grant of
the new policies was held before where one Allow of the old ones covers it whole, and each Deny of theirs that may
touch it is still there, or another one that denies as much. It counts for nothing where a Deny without conditions
takes it away at once. What was lost is what would be gained on the way back. So a grant that takes several
resource patterns of the other side together to cover, `a*` where there were `a` and `a?*`, is told as gained.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tracer.emit.grants import Allows, Denies, Grant, actions_covered, expanded, parsed_action, resources_covered
from tracer.model.arn import ArnPattern
from tracer.model.policy import VERSION, Conditions, Policy, Statement

_ALTERNATIVES: Final = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})
"""Operators whose values are alternatives on a key with one value
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html)."""

_MOST_ALTERNATIVES: Final = 256
"""How many combinations of values are looked at one by one; beyond, the condition is looked at whole."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """What one side allows and the other does not.

    Attributes:
        action: the action as written; `*` for a NotAction.
        resource: the resource as written; `*` for a NotResource.
        conditions: under which it is allowed.
        actions: the actions of the table that are concerned; the action as written where the table has none.
        denied: whether the other side has an Allow for it, which a Deny there takes away, or may.
        apart: what a NotAction or a NotResource leaves out of it.
    """

    action: str
    resource: str
    conditions: Conditions
    actions: tuple[str, ...]
    denied: bool = False
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """The answer of `diff`: false where the two sides say the same."""

    gained: tuple[Change, ...] = ()
    lost: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


def diff(old: Policy | Iterable[Policy], new: Policy | Iterable[Policy]) -> Difference:
    """Compare what one principal's policies allow. Raises UsageError where an Action in a policy is none."""
    before, after = _Side(_statements(old)), _Side(_statements(new))
    return Difference(gained=_gained(before, after), lost=_gained(after, before))


def _statements(policies: Policy | Iterable[Policy]) -> tuple[Statement, ...]:
    policies = (policies,) if isinstance(policies, Policy) else policies
    return tuple(
        statement if policy.version == VERSION else _literal(statement)
        for policy in policies
        for statement in policy.statements
    )


def _literal(statement: Statement) -> Statement:
    """`statement` of the old version of the language, in which `${` is no variable, as the new one spells it."""

    def plain(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(text.replace("${", "${$}{") for text in texts)

    items = tuple((operator, key, plain(values)) for operator, key, values in statement.conditions.items)
    return replace(
        statement,
        resources=plain(statement.resources),
        not_resources=plain(statement.not_resources),
        conditions=Conditions(items),
    )


class _Side:
    """One side's statements, ready to be asked."""

    __slots__ = ("allows", "denies", "negations", "statements")

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements
        self.allows = Allows(statements)
        self.denies = Denies(statements)
        self.negations = frozenset(_negation(one) for one in statements if one.effect == "Allow" and _negated(one))

    def allowed(self, statement: Statement, grant: Grant) -> bool:
        """Whether an Allow here covers `grant`, which is part of `statement`, leaving Denies out of account."""
        if self.allows.grant(grant, spanning=True) or _negation(statement) in self.negations:
            return True
        parts = _alternatives(grant.conditions)
        return len(parts) > 1 and all(
            self.allows.grant(replace(grant, conditions=part), spanning=True) for part in parts
        )

    def denied_more(self, grant: Grant, other: _Side) -> bool:
        """Whether a Deny here may touch `grant` in a way that no Deny of `other` does."""
        return any(
            not other.denies_as_much(grant, part)
            for deny in self.denies.statements
            if Denies([deny]).blocking(grant) and not other.denies_as_much(grant, deny)
            for part in _parts(deny)
            if Denies([part]).blocking(grant)
        )

    def denies_as_much(self, grant: Grant, deny: Statement) -> bool:
        """Whether one Deny here takes away from `grant` all that `deny` does."""
        return any(
            own.conditions.weaker_than(deny.conditions)
            and (actions_covered(own, grant.action) or _actions_within(own, deny))
            and (resources_covered(own, grant.resource) or _resources_within(own, deny))
            for own in self.denies.statements
        )


def _gained(before: _Side, after: _Side) -> tuple[Change, ...]:
    changes = {
        change
        for statement in after.statements
        if statement.effect == "Allow"
        for grant in _grants(statement)
        for change in _changes(statement, grant, before, after)
    }
    return tuple(sorted(changes))


def _grants(statement: Statement) -> Iterator[Grant]:
    for action, resource in itertools.product(statement.actions or ("*",), statement.resources or ("*",)):
        yield Grant(parsed_action(action), ArnPattern(resource), statement.conditions)


def _changes(statement: Statement, grant: Grant, before: _Side, after: _Side) -> Iterator[Change]:
    """What of `grant`, part of `statement` of the side `after`, `before` does not allow: never allowed, or denied."""

    def never(one: Grant) -> bool:
        return not before.allowed(statement, one)

    def denied(one: Grant) -> bool:
        return before.denied_more(one, after)

    if not never(grant) and not denied(grant):
        return
    single = [
        replace(grant, action=action)
        for action in expanded(grant.action, statement.not_actions)
        if not after.denies.covering(replace(grant, action=action))
    ]
    new = [one.action.text for one in single if never(one)]
    freed = [one.action.text for one in single if not never(one) and denied(one)]
    apart = (*statement.not_actions, *statement.not_resources)
    for actions, was_denied in ((new, False), (freed, True)):
        if actions:
            yield Change(grant.action.text, grant.resource.text, grant.conditions, tuple(actions), was_denied, apart)


def _parts(deny: Statement) -> Iterator[Statement]:
    """`deny` in statements of one action and one resource each: it may stand in several elsewhere."""
    actions: list[tuple[str, ...]] = [(text,) for text in deny.actions] or [()]
    resources: list[tuple[str, ...]] = [(text,) for text in deny.resources] or [()]
    for action, resource in itertools.product(actions, resources):
        yield replace(deny, actions=action, resources=resource)


def _negated(statement: Statement) -> bool:
    return bool(statement.not_actions or statement.not_resources)


def _negation(statement: Statement) -> tuple[object, ...]:
    """What a statement with NotAction or NotResource says, without the order and the spelling of its lists."""
    return (
        frozenset(map(str.lower, statement.actions)),
        frozenset(map(str.lower, statement.not_actions)),
        frozenset(statement.resources),
        frozenset(statement.not_resources),
        statement.conditions,
    )


def _alternatives(conditions: Conditions) -> list[Conditions]:
    """Conditions of which one holds where `conditions` hold: with one value each where values are alternatives."""
    choices = [
        [(operator, key, (value,)) for value in values]
        if operator.removesuffix("IfExists") in _ALTERNATIVES
        else [(operator, key, values)]
        for operator, key, values in conditions.items
    ]
    if math.prod(map(len, choices)) > _MOST_ALTERNATIVES:
        return [conditions]
    return [Conditions(items) for items in itertools.product(*choices)]


def _actions_within(own: Statement, deny: Statement) -> bool:
    """Whether the Deny `own` is about each action that `deny` is about."""
    if deny.not_actions:
        return bool(own.not_actions) and all(
            any(parsed_action(text).covers(parsed_action(apart)) for text in deny.not_actions)
            for apart in own.not_actions
        )
    return all(actions_covered(own, parsed_action(text)) for text in deny.actions)


def _resources_within(own: Statement, deny: Statement) -> bool:
    """Whether the Deny `own` is about each resource that `deny` is about."""
    if deny.not_resources:
        return bool(own.not_resources) and all(
            any(ArnPattern(text).covers(ArnPattern(apart)) for text in deny.not_resources)
            for apart in own.not_resources
        )
    return all(resources_covered(own, ArnPattern(text)) for text in deny.resources)
