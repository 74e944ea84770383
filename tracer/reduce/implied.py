"""What AWS checked beside a call: the rules of `tracer.reference.implied_rules` applied to one record.

`iam:PassRole` is the first of them: "PassRole is not an API call ... no CloudTrail logs are generated"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html), so the role stands in the parameters of
another call and nowhere else.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import escape
from tracer.model.permission import Widening
from tracer.model.policy import Conditions
from tracer.model.record import Record
from tracer.reduce.callers import partition_of_region
from tracer.reduce.inventory import Inventory
from tracer.reduce.request import has, lookup, plain_event
from tracer.reduce.resources import STAR, Resource, new_resources, resources_of
from tracer.reference import implied_rules, table
from tracer.reference.implied_rules import ImpliedRule
from tracer.reference.table import ActionFact
from tracer.reference.templates import ArnTemplate


@dataclass(frozen=True, slots=True)
class Implied:
    """One action that was checked beside the call, with the rule that says so."""

    fact: ActionFact
    resources: tuple[Resource, ...]
    conditions: Conditions
    rule: str


def implied_by(record: Record, call: tuple[Resource, ...], inventory: Inventory) -> Iterator[Implied]:
    """What was checked beside a call on the resources `call`."""
    given = _given(record)
    for rule in implied_rules.for_event(record.service, plain_event(record)):
        if not rule.when.holds(given) or not _tagged(rule, record, inventory):
            continue
        fact = table.lookup(rule.action.service, rule.action.name)
        if fact is None:
            continue
        found = tuple(dict.fromkeys(_resources(rule, fact, record, call, inventory)))
        if found:
            yield Implied(fact, found, _conditions(rule, record), rule.rule)


def _given(record: Record) -> Mapping[str, Any] | None:
    """The request. Null parameters say that none were given, unless the call failed or they were too large."""
    unknown = record.omitted or record.error_code
    return {} if record.request_parameters is None and not unknown else record.request_parameters


def _tagged(rule: ImpliedRule, record: Record, inventory: Inventory) -> bool:
    """Whether a rule about tags applies: the call sets some, itself or as those of its stack. True for other rules."""
    if not rule.tags_at:
        return True
    own = any(has(record.request_parameters, path) for path in rule.tags_at)
    return own or (inventory.stack_tags and (record.via or "").startswith("cloudformation."))


def _resources(
    rule: ImpliedRule, fact: ActionFact, record: Record, call: tuple[Resource, ...], inventory: Inventory
) -> Iterator[Resource]:
    where = rule.resource
    if "role_at" in where:
        for text in _texts(record, where["role_at"]):
            yield from _role(text, record, inventory, names=bool(where.get("names")))
    elif "profile_at" in where:
        yield from (_profile(text, record, inventory) for text in _texts(record, where["profile_at"]))
    elif "arn_at" in where:
        yield from _arns(_texts(record, where["arn_at"]), _formats(fact) if where.get("fitting") else None)
    elif "same_as_call" in where:
        yield from call
    elif "type" in where:
        yield from resources_of(record, fact, inventory, where["type"])
    elif "new_type_at" in where:
        for kind in _texts(record, where["new_type_at"]):
            yield from new_resources(record, fact, inventory, kind)
    elif "template" in where:
        yield from _templated(where, record)
    else:
        yield STAR


def _templated(where: Mapping[str, Any], record: Record) -> Iterator[Resource]:
    """A resource that a rule states as a pattern, once for each text that its expression reads where it has one."""
    if "at" not in where:
        open_ = (Widening("resource", "", "*", where["open"]),) if "open" in where else ()
        yield Resource(ArnPattern(filled(where["template"], record)), open_)
        return
    decoded = unquote if where.get("encoded") else str
    for match in filter(None, (re.match(where["read"], text) for text in _texts(record, where["at"]))):
        values = {name: decoded(value or "") for name, value in match.groupdict().items()}
        yield Resource(ArnPattern(filled(where["template"], record, values)))


def _arns(texts: Iterable[str], formats: tuple[ArnTemplate, ...] | None) -> Iterator[Resource]:
    """The ARNs among `texts`; those of one of `formats`, where some are given."""
    for arn in (arn for text in texts if (arn := Arn.find(text))):
        if formats is None or any(one.read(arn) is not None for one in formats):
            yield Resource(ArnPattern.exactly(arn))


@functools.lru_cache(maxsize=1_024)
def _formats(fact: ActionFact) -> tuple[ArnTemplate, ...]:
    """The ARN formats of an action's resource types."""
    service = table.service(fact.action.service)
    types = service.resource_types if service else {}
    return tuple(ArnTemplate(text, slashes=True) for item in fact.resources for text in types[item.type])


def _texts(record: Record, at: list[str]) -> Iterator[str]:
    for path in at:
        yield from lookup(record.request_parameters, path)


def _role(text: str, record: Record, inventory: Inventory, *, names: bool) -> Iterator[Resource]:
    """A role that was passed. Only a role of the caller's own account can be
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
    """
    arn = Arn.find(text)
    if arn:
        if arn.service == "iam" and arn.resource.startswith("role/") and arn.account == record.account:
            yield Resource(ArnPattern.exactly(arn))
    elif names and "/" not in text and record.account:
        full = inventory.full_name(record.account, "role/", text)
        yield Resource(ArnPattern.exactly(_iam(record, f"role/{full or text}")), pathless=full is None)


def _profile(text: str, record: Record, inventory: Inventory) -> Resource:
    """The role of an instance profile: another name than the profile's, which only the call that put it there shows."""
    account = record.account or ""
    role = inventory.role_of_profile(account, text.rpartition("/")[2])
    if role is None:
        return Resource(
            ArnPattern(_iam(record, "role/*")), (Widening("resource", "", "*", "instance-profile-role"),), False
        )
    return Resource(ArnPattern.exactly(_iam(record, f"role/{inventory.full_name(account, 'role/', role) or role}")))


def _iam(record: Record, resource: str) -> str:
    return f"arn:{partition_of_region(record.aws_region)}:iam::{record.account or '*'}:{resource}"


def _conditions(rule: ImpliedRule, record: Record) -> Conditions:
    return Conditions(
        tuple(
            (operator, key, tuple(filled(value, record) for value in values))
            for operator, key, values in rule.conditions.items
        )
    )


def filled(text: str, record: Record, values: Mapping[str, str] | None = None) -> str:
    """`text` with the record's partition, region, account and event, and with `values`, in place of variables."""
    own = {
        "Partition": partition_of_region(record.aws_region),
        "Region": record.aws_region,
        "Account": record.account or "*",
        "Event": plain_event(record),
    }
    for name, value in (own | {name: escape(value) for name, value in (values or {}).items() if value}).items():
        text = text.replace(f"${{{name}}}", value)
    return text
