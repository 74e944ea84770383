"""`diff`: what a new policy allows that an old one did not, and the other way round, by meaning and not by text.

Order, spelling, splitting and wildcards make no difference where the action table shows that none is there: `s3:List*`
and the list of all actions that it stands for are the same. In come policies of one principal, before and after; out
come the gains and the losses, action by action.

"Gained" errs on the safe side: it is said of everything that cannot be shown to have been allowed before. A grant of
the new policies was held before where one Allow of the old ones covers it whole, and each Deny of theirs that may
touch it is still there, or another one that denies as much. It counts for nothing where one Deny of the new policies
takes all of it away. What was lost is what would be gained on the way back. So a grant that takes several
resource patterns of the other side together to cover, `a*` where there were `a` and `a?*`, is told as gained.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tracer.emit.conditions import alternatives
from tracer.emit.grants import Allows, Denies, Grant, actions_covered, expanded, parsed_action, resources_covered
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.policy import VERSION, Conditions, Policy, Statement
from tracer.reference import table


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

    __slots__ = ("_allowing", "_allows", "_denying", "denies", "statements")

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements
        self.denies = Denies(statements)
        self._allows = Allows(statements)
        self._allowing = [one for one in statements if one.effect == "Allow"]
        self._denying = [(one, Denies([one])) for one in self.denies.statements]

    def allowed(self, grant: Grant, whole: Statement) -> bool:
        """Whether an Allow here covers `grant` as far as `whole` gives it, leaving Denies out of account."""
        if self._allows.grant(grant, spanning=True):
            return True
        if whole.not_actions or whole.not_resources:
            # What the statement leaves out stands in none of its grants: they are more than it gives.
            return any(
                grant.implies(own.conditions) and _covers_common(own, grant, whole, spanning=True)
                for own in self._allowing
            )
        parts = alternatives(grant.conditions)
        return len(parts) > 1 and all(
            self._allows.grant(replace(grant, conditions=one), spanning=True) for one in parts
        )

    def denied_more(self, grant: Grant, other: _Side) -> bool:
        """Whether a Deny here may touch `grant` in a way that no Deny of `other` does."""
        return any(
            not other._denies_as_much(grant, part)
            for deny, alone in self._denying
            if alone.blocking(grant) and not other._denies_as_much(grant, deny)
            for part in _parts(deny)
            if Denies([part]).blocking(grant)
        )

    def _denies_as_much(self, grant: Grant, deny: Statement) -> bool:
        """Whether one Deny here takes away from `grant` all that `deny` does."""
        common = replace(grant, conditions=deny.conditions)
        return any(
            common.implies(own.conditions) and _covers_common(own, grant, deny, spanning=False)
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
        return not before.allowed(one, statement)

    def denied(one: Grant) -> bool:
        return before.denied_more(one, after)

    new: list[str] = []
    freed: list[str] = []
    for one in _narrowed(grant, statement, lambda part: never(part) or denied(part)):
        if not after.denies.covering(one):
            (new if never(one) else freed).append(one.action.text)
    apart = (*statement.not_actions, *statement.not_resources)
    for actions, was_denied in ((new, False), (freed, True)):
        if actions:
            yield Change(grant.action.text, grant.resource.text, grant.conditions, tuple(actions), was_denied, apart)


def _narrowed(grant: Grant, statement: Statement, differs: Callable[[Grant], bool]) -> Iterator[Grant]:
    """`grant` action by action, as far as it differs; what is alike as a whole is not looked at in parts."""
    if not differs(grant):
        return
    wide = grant.action.text == "*"
    for action in (Action(f"{prefix}:*") for prefix in table.services()) if wide else (grant.action,):
        if wide and not differs(replace(grant, action=action)):
            continue
        for single in expanded(action, statement.not_actions):
            one = replace(grant, action=single)
            if differs(one):
                yield one


def _parts(deny: Statement) -> Iterator[Statement]:
    """`deny` in statements of one action and one resource each: it may stand in several elsewhere."""
    actions: list[tuple[str, ...]] = [(text,) for text in deny.actions] or [()]
    resources: list[tuple[str, ...]] = [(text,) for text in deny.resources] or [()]
    for action, resource in itertools.product(actions, resources):
        yield replace(deny, actions=action, resources=resource)


def _covers_common(own: Statement, grant: Grant, whole: Statement, *, spanning: bool) -> bool:
    """Whether `own` is about all that `grant` and `whole` have in common, leaving conditions out of account."""
    actions = actions_covered(own, grant.action) or _actions_within(own, whole)
    resources = resources_covered(own, grant.resource, spanning=spanning)
    return actions and (resources or _resources_within(own, whole, spanning=spanning))


def _actions_within(own: Statement, whole: Statement) -> bool:
    """Whether `own` is about each action that `whole` is about."""
    if not whole.not_actions:
        return all(actions_covered(own, parsed_action(text)) for text in whole.actions)
    apart = [parsed_action(text) for text in whole.not_actions]
    return bool(own.not_actions) and all(
        any(left_out.covers(parsed_action(text)) for left_out in apart) for text in own.not_actions
    )


def _resources_within(own: Statement, whole: Statement, *, spanning: bool) -> bool:
    """Whether `own` is about each resource that `whole` is about."""
    if not whole.not_resources:
        return all(resources_covered(own, ArnPattern(text), spanning=spanning) for text in whole.resources)
    apart = [ArnPattern(text) for text in whole.not_resources]
    return bool(own.not_resources) and all(
        any(left_out.covers(ArnPattern(text), spanning=spanning) for left_out in apart) for text in own.not_resources
    )
