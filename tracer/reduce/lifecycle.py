"""`--lifecycle`: the permissions of a first deploy in, what updating and removing its resources will need out.

A trace holds what a run did. A policy that was made of a first deploy alone fails at the second one, and at the
removal; it fails already where CloudFormation takes back a deploy that failed, for a rollback deletes what was created.
What is to come is read from what was made (`tracer.reference.lifecycle_rules`): each create that was observed adds its
updates and deletes, on the same pattern, for the same principal, through the same service.

This works on the folded permissions and not on records, so the order of these cannot matter; and what was observed, or
is covered by what was observed, is not said again.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission, Widening
from tracer.model.policy import Conditions
from tracer.model.trace import RunFacts
from tracer.reduce.via import carried
from tracer.reference import arn_forms, lifecycle_rules, table
from tracer.reference.lifecycle_rules import LifecycleRule
from tracer.reference.table import ActionFact

_MADE: Final = frozenset({Basis.OBSERVED, Basis.IMPLIED})
"""What a record stands behind: nothing is deduced from what was itself deduced, or was refused."""

_NEW_ID: Final = "new-resource"
"""The rule of a `*` in place of what AWS names only when it makes it."""

_CREATES: Final = re.compile(r"Create|Register|Import|Allocate|RunInstances")
"""How the names of actions begin that may make something."""

_CHANGES: Final = frozenset({"Write", "Permissions management"})

_NO_RESOURCE: Final = frozenset({"iam:CreateServiceLinkedRole", "s3:CreateMultipartUpload", "logs:CreateLogStream"})
"""What outlives a deploy on purpose, or goes with the thing that it is part of."""


def complete(lines: Iterable[UsedPermission], run: RunFacts) -> tuple[UsedPermission, ...]:
    """`lines`, and what updating and removing the resources of their creates needs, sorted."""
    known = tuple(lines)
    heard = _Known(used.permission for used in known)
    # Two rules may ask for the same: whatever comes first, the one whose name does is told.
    added: dict[Permission, UsedPermission] = {}
    for line in sorted(_to_come(known, run), key=lambda line: line.permission.sort_key):
        if not heard.covers(line.permission):
            meaning = replace(line.permission, rule=None, via=None)
            first = added.setdefault(meaning, line)
            added[meaning] = replace(first, widened=tuple(sorted({*first.widened, *line.widened})))
    return tuple(sorted((*known, *added.values()), key=lambda line: line.permission.sort_key))


def remarks(lines: Iterable[UsedPermission]) -> Iterator[Finding]:
    """That some lines are no more than to be expected, and which creates nothing is known about."""
    lines = tuple(lines)
    if any((used.permission.rule or "").startswith("lifecycle/") for used in lines):
        yield Finding(
            "COVERAGE_GAP",
            "what --lifecycle added is deduced from what the run created, and no record stands behind it",
        )
    unknown = sorted({used.permission.action.text for used in lines if _is_unknown_create(used.permission)})
    if unknown:
        yield Finding(
            "COVERAGE_GAP",
            "--lifecycle knows nothing of updating and removing what these made, and added nothing for them: "
            + ", ".join(unknown),
        )


def _to_come(lines: Iterable[UsedPermission], run: RunFacts) -> Iterator[UsedPermission]:
    """What the rules add for `lines`."""
    for used in lines:
        made = used.permission
        for rule in lifecycle_rules.for_action(made.action.text) if made.basis in _MADE else ():
            if rule.known_by in (None, made.rule):
                for fact, (resource, widened) in itertools.product(rule.adds, _resources(rule, used, run)):
                    permission = replace(
                        made,
                        action=fact.action,
                        resource=ArnPattern("*") if fact.star_only else resource,
                        conditions=_conditions(made, fact, resource),
                        basis=Basis.INFERRED,
                        rule=rule.rule,
                    )
                    yield UsedPermission(permission, Evidence(), () if fact.star_only else widened)


def _resources(
    rule: LifecycleRule, used: UsedPermission, run: RunFacts
) -> list[tuple[ArnPattern, tuple[Widening, ...]]]:
    """What the additions of a rule are checked on, each with what was widened in it; none where the rule is about
    something else.
    """
    made = used.permission.resource
    if rule.resource_type is not None:
        return list(_of_type(rule.adds[0].action.service, rule.resource_type, run))
    *head, resource = made.segments
    match = rule.on.fullmatch(resource) if rule.on else None
    if rule.on and match is None:
        return []
    if rule.resource is None or match is None:
        return [(made, used.widened)]
    pattern = ArnPattern(":".join((*head, match.expand(rule.resource))))
    return [(pattern, (*used.widened, Widening("resource", "", "*", _NEW_ID)))]


def _of_type(prefix: str, resource_type: str, run: RunFacts) -> Iterator[tuple[ArnPattern, tuple[Widening, ...]]]:
    """All resources of a type where the run was."""
    step = Widening("resource", "", "*", _NEW_ID)
    for template in arn_forms.form(prefix, resource_type).templates:
        for region, account in itertools.product(run.regions or ("*",), run.accounts or ("*",)):
            known = {"Partition": run.partition, "Region": region, "Account": account}
            place = {name: value for name, value in known.items() if value != "*"}
            yield ArnPattern(template.write(place)), (step,)


def _conditions(made: Permission, fact: ActionFact, resource: ArnPattern) -> Conditions:
    """The create's conditions, so far as AWS has them for `fact`: what the resource's owner says of one call he says of
    all (`kms:ViaService`). A create on `*` has none: there, what every call through the same service carries.
    """
    if made.resource.is_star:
        return carried(fact, resource, made.via, resource.segments[3])
    return Conditions(tuple(item for item in made.conditions.items if item[1] in fact.conditions))


def _is_unknown_create(permission: Permission) -> bool:
    action = permission.action
    if permission.basis is not Basis.OBSERVED or action.text in _NO_RESOURCE or not _CREATES.match(action.name):
        return False
    fact = table.lookup(action.service, action.name)
    return fact is not None and fact.access in _CHANGES and not lifecycle_rules.for_action(action.text)


class _Known:
    """What a trace's own permissions allow, by whom and by action."""

    def __init__(self, permissions: Iterable[Permission]) -> None:
        self._of: defaultdict[tuple[Section, str, Action], list[Permission]] = defaultdict(list)
        for permission in permissions:
            if permission.basis is not Basis.DENIED:
                self._of[permission.section, permission.principal, permission.action].append(permission)

    def covers(self, asked: Permission) -> bool:
        """Whether one of them allows all of `asked`."""
        same: Sequence[Permission] = self._of.get((asked.section, asked.principal, asked.action), ())
        return any(
            known.resource.covers(asked.resource) and known.conditions.weaker_than(asked.conditions) for known in same
        )
