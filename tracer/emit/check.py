"""`check`: does a policy allow what a trace needed, and does it allow more?

The answer is a Verdict: what is missing, permission by permission, what is granted beyond, statement by statement, and
what can grant nothing. `self_check` asks the first two of every draft before anything is printed, and knows nothing of
how the draft was made.

Both answers err on the safe side. A permission counts as allowed where one Allow covers it whole and no Deny can be
shown to touch it; of a condition that the trace does not know, nothing is taken for granted. A grant counts as needed
where a permission of the trace, or a grant of the baseline, covers it whole; one that a Deny of the same policy takes
away entirely is none. How wildcards are read in the two questions is told in `ArnPattern.covers`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tracer.emit.conditions import alternatives
from tracer.emit.grants import Allows, Denies, Grant, expanded, parsed_action
from tracer.emit.idle import Idle, idle
from tracer.errors import SelfCheckFailed
from tracer.model.arn import ArnPattern
from tracer.model.permission import Permission, Section
from tracer.model.policy import Policy, Statement
from tracer.model.trace import Trace
from tracer.reference import table

_UNKNOWN: Final = "unknown"
_LEVELS: Final = ("Permissions management", "Write", "Tagging", "Read", "List", _UNKNOWN)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html"""


@dataclass(frozen=True, slots=True, order=True)
class Excess:
    """What one action of one statement grants on one resource beyond what was asked for.

    Attributes:
        policy: the place of the policy among those checked, from 0.
        statement: the place of the statement in it, from 0.
        action: the action as written; `*` for a NotAction.
        resource: the resource as written; `*` for a NotResource.
        actions: the actions of the action table that are beyond; the action as written where the table has none.
    """

    policy: int
    statement: int
    action: str
    resource: str
    actions: tuple[str, ...]

    @property
    def levels(self) -> tuple[tuple[str, int], ...]:
        """The access levels of `actions`, the weightiest first, each with how many of them are of it; `unknown` of
        those that the table does not have.
        """
        counts = Counter(_level(text) for text in self.actions)
        return tuple((level, counts[level]) for level in _LEVELS if level in counts)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of `check`.

    Attributes:
        missing: the permissions that are not allowed, in the order of the trace.
        blocked: those among them that an Allow grants and a Deny takes away, or may take away.
        excess: what is granted beyond, by policy and statement.
        idle: what of the policies can grant nothing.
    """

    missing: tuple[Permission, ...] = ()
    excess: tuple[Excess, ...] = ()
    blocked: tuple[Permission, ...] = ()
    idle: tuple[Idle, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every permission is allowed; excess is for the caller to weigh."""
        return not self.missing


def check(
    policies: Policy | Iterable[Policy],
    trace: Trace | Iterable[Permission],
    *,
    section: Section | None = None,
    principal: str | None = None,
    baseline: Policy | None = None,
) -> Verdict:
    """Judge `policies`, all attached to one principal, by what `trace` needed.

    Args:
        policies: a policy or several.
        trace: a trace, or the permissions themselves.
        section: of a trace, the section that counts; None is the deployer's where there is one, else all.
        principal: of a trace, the principal that counts; None is every one.
        baseline: a filled baseline, whose grants are no excess.

    Raises:
        UsageError: an Action in a policy is none.
    """
    policies = (policies,) if isinstance(policies, Policy) else tuple(policies)
    permissions = judged(trace, section, principal) if isinstance(trace, Trace) else tuple(trace)
    permissions = tuple(sorted(set(permissions), key=lambda permission: permission.sort_key))
    missing, blocked = lacking(policies, permissions)
    needed = _Needed(permissions, baseline.statements if baseline else ())
    return Verdict(missing, tuple(_excess(policies, needed)), blocked, tuple(idle(policies)))


def lacking(
    policies: Sequence[Policy], permissions: Iterable[Permission]
) -> tuple[tuple[Permission, ...], tuple[Permission, ...]]:
    """Of `permissions` those that `policies` together do not allow, and among them those that a Deny takes away."""
    statements = tuple(statement for policy in policies for statement in policy.statements)
    allows, denies = Allows(statements), Denies(statements)
    missing, blocked = [], []
    for permission in permissions:
        grant = Grant.of(permission)
        if not allows.grant(grant):
            missing.append(permission)
        elif denies.blocking(grant):
            missing.append(permission)
            blocked.append(permission)
    return tuple(missing), tuple(blocked)


def judged(trace: Trace, section: Section | None = None, principal: str | None = None) -> tuple[Permission, ...]:
    """The permissions of `trace` that count; as in `check`."""
    permissions = tuple(used.permission for used in trace.permissions)
    if section is None and any(permission.section is Section.DEPLOYER for permission in permissions):
        section = Section.DEPLOYER
    return tuple(
        permission
        for permission in permissions
        if section in (None, permission.section) and principal in (None, permission.principal)
    )


class _Needed:
    """What may be granted: by a permission of the trace, or by an Allow of the baseline."""

    __slots__ = ("_allows", "_baseline")

    def __init__(self, permissions: Sequence[Permission], baseline: Sequence[Statement]) -> None:
        self._baseline = frozenset(facet for statement in baseline for facet in _facets(statement))
        self._allows = Allows((*baseline, *map(_alone, permissions)))

    def stands_in_baseline(self, statement: Statement) -> bool:
        return _facets(statement) <= self._baseline

    def covers(self, grant: Grant) -> bool:
        """Whether it may be granted, as a whole or for each value of its conditions: statements that differ in the
        values of one key alone are one statement in the end (`build`).
        """
        if self._allows.grant(grant, spanning=True):
            return True
        parts = alternatives(grant.conditions)
        return len(parts) > 1 and all(
            self._allows.grant(replace(grant, conditions=one), spanning=True) for one in parts
        )


def _alone(permission: Permission) -> Statement:
    return Statement(
        actions=(permission.action.text,), resources=(permission.resource.text,), conditions=permission.conditions
    )


def _excess(policies: Sequence[Policy], needed: _Needed) -> Iterator[Excess]:
    denies = Denies(statement for policy in policies for statement in policy.statements)
    for place, policy in enumerate(policies):
        for number, statement in enumerate(policy.statements):
            if statement.effect != "Allow" or needed.stands_in_baseline(statement):
                continue
            for action in statement.actions or ("*",):
                for resource in statement.resources or ("*",):
                    grant = Grant(parsed_action(action), ArnPattern(resource), statement.conditions)
                    if beyond := _beyond(statement, grant, denies, needed):
                        yield Excess(place, number, action, resource, beyond)


def _beyond(statement: Statement, grant: Grant, denies: Denies, needed: _Needed) -> tuple[str, ...]:
    """The actions of `grant`, which `statement` gives, that nothing needs."""
    if needed.covers(grant):
        return ()
    single = (
        Grant(action, grant.resource, grant.conditions) for action in expanded(grant.action, statement.not_actions)
    )
    return tuple(one.action.text for one in single if not needed.covers(one) and not denies.covering(one))


def _level(text: str) -> str:
    action = parsed_action(text)
    fact = None if action.is_pattern else table.lookup(action.service, action.name)
    return fact.access if fact else _UNKNOWN


def self_check(
    policies: Sequence[Policy],
    permissions: Iterable[Permission],
    baseline: Sequence[Statement] = (),
    blocked: Iterable[Permission] = (),
    *,
    whose: str = "the policy",
) -> None:
    """Prove one principal's documents before they are printed.

    Args:
        policies: the documents, together.
        permissions: what the trace needed for this principal.
        baseline: the filled baseline that was merged in, or nothing.
        blocked: the permissions that a finding says a Deny of the baseline stands in the way of.
        whose: how the error names the policy.

    Raises:
        SelfCheckFailed: with the counter-example: a permission that is not allowed, a grant that neither the trace nor
            the baseline has, or a Deny of the baseline that was lost.
    """
    permissions, told = tuple(permissions), set(blocked)
    missing, taken = lacking(policies, permissions)
    for permission in missing:
        if permission not in taken or permission not in told:
            raise _failed(f"{whose} does not allow {permission.action} on {permission.resource}, which the trace holds")
    for excess in _excess(policies, _Needed(permissions, baseline)):
        raise _failed(
            f"{whose} grants {excess.actions[0]} on {excess.resource} (statement {excess.statement + 1} of document "
            f"{excess.policy + 1}), which neither the trace nor the baseline holds"
        )
    kept = frozenset(facet for policy in policies for statement in policy.statements for facet in _facets(statement))
    for statement in baseline:
        if statement.effect == "Deny" and not _facets(statement) <= kept:
            raise _failed(f"{whose} has lost a Deny of the baseline: {statement.to_json()}")


def _facets(statement: Statement) -> frozenset[tuple[object, ...]]:
    """What a statement says of each action on each resource, so that the pieces of one that was split say the same."""
    rest = (statement.effect, statement.not_actions, statement.not_resources, statement.conditions)
    return frozenset(
        (action, resource, *rest) for action in statement.actions or ("",) for resource in statement.resources or ("",)
    )


def _failed(message: str) -> SelfCheckFailed:
    return SelfCheckFailed(
        message, "This is a bug in tracer, and nothing was written: please report it with the trace and the options."
    )
