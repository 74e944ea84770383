"""One record of the run in, all that AWS checked for it out.

`map_record` puts the pieces together: the call's own actions on their resources, what was checked beside them, and the
conditions of a call that a service forwarded. What is known only in part comes with a `Doubt`, what is not known at
all is `Unknown`; the caller turns both into findings.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tracer.model.action import Action
from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import escape
from tracer.model.permission import Basis, Widening
from tracer.model.policy import Conditions
from tracer.model.record import Record
from tracer.reduce import actions, apigateway
from tracer.reduce.actions import Need, NoPermission, Unknown
from tracer.reduce.implied import filled, implied_by
from tracer.reduce.inventory import Inventory
from tracer.reduce.request import lookup
from tracer.reduce.resources import Resource, resources_of
from tracer.reduce.via import carried
from tracer.reference import condition_rules
from tracer.reference.table import ActionFact

_UNFILLED: Final = re.compile(r"\$\{[^}*?$]+\}")
"""A variable that a request did not fill; `${*}` is a `*` that it did."""

_OPEN: Final = re.compile(r"\*(?!\})")
"""A `*` that stands for what is not known, and not for itself."""


_NONE: Final = Conditions()


@dataclass(frozen=True, slots=True)
class Check:
    """One check of AWS: an action on a resource under conditions."""

    action: Action
    resource: Resource
    conditions: Conditions
    basis: Basis
    rule: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that a check's resource leaves open.

    Attributes:
        code: the finding's code.
        message: for a person; the same for all records of its kind.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """All that AWS checked for one call."""

    checks: tuple[Check, ...]
    doubts: tuple[Doubt, ...]


def map_record(record: Record, inventory: Inventory) -> Mapped | NoPermission | Unknown:
    """What AWS checked for the call that `record` shows."""
    needed = _needed(record, inventory)
    if isinstance(needed, NoPermission | Unknown):
        return needed
    checks = [
        Check(need.fact.action, resource, _conditions(record, need.fact, resource), Basis.OBSERVED, need.rule)
        for need, found in needed
        for resource in found
    ]
    call = tuple(resource for _, found in needed for resource in found)
    for implied in implied_by(record, call, inventory):
        checks += [
            # Who asks for it is the service that was called, and not the one that forwarded the call to that service.
            Check(
                implied.fact.action,
                resource,
                implied.conditions or _forwarded(record, implied.fact, resource),
                Basis.IMPLIED,
                implied.rule,
            )
            for resource in implied.resources
        ]
    unique = tuple(checks) if len(checks) == 1 else tuple(dict.fromkeys(checks))
    return Mapped(unique, tuple(dict.fromkeys(_doubts(record, unique))))


def _needed(
    record: Record, inventory: Inventory
) -> tuple[tuple[Need, tuple[Resource, ...]], ...] | NoPermission | Unknown:
    """The call's own actions, each with its resources."""
    if apigateway.by_verb(record):
        return apigateway.needs_of(record)
    found = actions.needs_of(record)
    if isinstance(found, NoPermission | Unknown):
        return found
    return tuple((need, _resources(record, need, found, inventory)) for need in found)


def _resources(record: Record, need: Need, needs: tuple[Need, ...], inventory: Inventory) -> tuple[Resource, ...]:
    """What one of a call's own actions was checked on: as its exception says, else by the general rule."""
    row = need.row
    if row is None:
        return resources_of(record, need.fact, inventory)
    made = [arn for path in row.response for text in lookup(record.response_elements, path) if (arn := Arn.find(text))]
    if made:
        return tuple(Resource(ArnPattern.exactly(arn)) for arn in made)
    if row.template:
        return (_from_template(row.template, row.at, record),)
    elsewhere = tuple(path for other in needs if other.row and other is not need for path in other.row.at)
    return resources_of(record, need.fact, inventory, row.resource, row.at, elsewhere)


def _from_template(template: str, at: tuple[str, ...], record: Record) -> Resource:
    """A resource that an exception states as a pattern: `${PATH}` is the request's value at that path."""
    values = {path: text for path in at for text in itertools.islice(lookup(record.request_parameters, path), 1)}
    text = _UNFILLED.sub("*", filled(template, record, values))
    # Without a place for the request's values, a `*` is the form that a policy has, and leaves nothing open.
    open_ = (Widening("resource", "", "*", "names-no-more"),) if at and _OPEN.search(text) else ()
    return Resource(ArnPattern(text), open_, named=len(values) == len(at))


def _conditions(record: Record, fact: ActionFact, resource: Resource) -> Conditions:
    """The condition keys that are known to have held: those that the call's own parameters fill, and those of a call
    that a service forwarded.
    """
    conditions = _forwarded(record, fact, resource)
    for rule in condition_rules.for_action(fact.action):
        texts = (text for path in rule.at for text in lookup(record.request_parameters, path))
        values = [match["value"] for text in texts if (match := rule.read.fullmatch(text))]
        if values and not (rule.open_only and resource.named):
            conditions |= Conditions.of(rule.operator, rule.key, *map(escape, values))
    return conditions


def _forwarded(record: Record, fact: ActionFact, resource: Resource) -> Conditions:
    """The conditions that a forwarded call carried."""
    if record.via is None:
        return _NONE
    return carried(fact, resource.pattern, record.via, record.aws_region, functools.partial(_has_context, record))


def _has_context(record: Record, key: str) -> bool:
    """Whether the call's encryption context has this key."""
    return any(found == key for found in lookup(record.request_parameters, "encryptionContext.@keys"))


def _doubts(record: Record, checks: tuple[Check, ...]) -> Iterator[Doubt]:
    """What stays open. A `*` in place of what the call made is none: AWS checked `*` as well."""
    for check in checks:
        text, resource = check.resource.pattern.text, check.resource
        if not resource.named:
            if record.request_parameters is None:
                why = "were too large for CloudTrail to keep" if record.omitted else "are not in the record"
                yield Doubt("UNKNOWN_RESOURCE", f"{check.action}: its parameters {why}, so it stands on {text}")
            else:
                yield Doubt("WILDCARD_RESOURCE", f"{check.action}: the call names no resource, so it stands on {text}")
        elif any(step.rule != "new-resource" for step in resource.widened):
            yield Doubt("WILDCARD_RESOURCE", f"{check.action}: the call leaves a part open, so it stands on {text}")
        if resource.pathless:
            yield Doubt("UNKNOWN_RESOURCE", f"{text}: no record shows this name's path, so it was taken to have none")
