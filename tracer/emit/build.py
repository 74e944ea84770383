"""`build`: permissions -> the fewest Allow statements that grant them and nothing else.

A statement grants every one of its actions on every one of its resources, so only what forms such a rectangle may
share one: first the actions of each resource are collected, then the resources with the same actions. Services are
never mixed; nor are conditions, but where they differ in the values of one key alone, which are alternatives as
statements are. `*` stands alone, so that a reader sees at a glance what is not limited to a resource.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from tracer.emit.conditions import are_alternatives
from tracer.emit.grants import Grant, PatternIndex
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.jsontext import json_text
from tracer.model.policy import Conditions, Statement

_UNTYPED: Final = {"s3": ("bucket", "object"), "sns": ("topic", ""), "sqs": ("queue", ""), "execute-api": ("", "")}
"""Services whose ARNs begin their last part with a name and not with a type: what to call a resource without a `/`, and
one with (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html, and its neighbours)."""

_TYPE: Final = re.compile(r"/?([A-Za-z][A-Za-z-]*)(?=[:/]|$)")
_Rectangle = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A service, actions, and the resources on which each of them is granted."""

_SID_DIGITS: Final = 8
_WORD: Final = 24
"""The longest word in a Sid, which counts against the policy's quota."""


def build(grants: Iterable[Grant]) -> tuple[Statement, ...]:
    """The statements that grant `grants`, in canonical order: by service, resources, conditions, actions."""
    actions_on: dict[tuple[str, Conditions, ArnPattern], set[Action]] = {}
    for grant in without_covered(grants):
        actions_on.setdefault((grant.action.service, grant.conditions, grant.resource), set()).add(grant.action)
    resources_of: dict[tuple[str, Conditions, bool, frozenset[Action]], set[ArnPattern]] = {}
    for (service, conditions, resource), actions in actions_on.items():
        resources_of.setdefault((service, conditions, resource.is_star, frozenset(actions)), set()).add(resource)
    conditions_of: dict[_Rectangle, set[Conditions]] = {}
    for (service, conditions, _, together), resources in resources_of.items():
        names = (tuple(action.text for action in sorted(together)), tuple(sorted(one.text for one in resources)))
        conditions_of.setdefault((service, *names), set()).add(conditions)
    statements = sorted(
        (service, resources, conditions, actions)
        for (service, actions, resources), alternatives in conditions_of.items()
        for conditions in joined(alternatives)
    )
    return tuple(
        with_sid(Statement(actions=actions, resources=resources, conditions=conditions))
        for _, resources, conditions, actions in statements
    )


def joined(alternatives: Iterable[Conditions]) -> set[Conditions]:
    """Fewer blocks that say together what `alternatives` say: one for those that differ in the values of one key alone.

    "If a single condition key has multiple values, [...] only one of the values needs to match"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html):
    so they are alternatives, as statements are. Of the operators that demand that no value matches, none is joined.
    """
    blocks = set(alternatives)
    for operator, key in sorted({item[:2] for block in blocks for item in block.items}):
        if are_alternatives(operator):
            blocks = _joined_by(operator, key, blocks)
    return blocks


def _joined_by(operator: str, key: str, blocks: Iterable[Conditions]) -> set[Conditions]:
    values_beside: dict[Conditions, set[str]] = {}
    others = set()
    for block in blocks:
        rest = Conditions(tuple(item for item in block.items if item[:2] != (operator, key)))
        values = [values for *name, values in block.items if tuple(name) == (operator, key)]
        if values:
            values_beside.setdefault(rest, set()).update(*values)
        else:
            others.add(block)
    return others | {rest | Conditions.of(operator, key, *values) for rest, values in values_beside.items()}


def without_covered(grants: Iterable[Grant]) -> list[Grant]:
    """`grants` in order, without those that another of the same action covers; of two equal in meaning, the first."""
    # Actions that differ by case alone are equal; the spelling that sorts first stands for them.
    ordered = list(dict.fromkeys(sorted(grants, key=_spelling)))
    indexes: dict[Action, PatternIndex[Grant]] = {}
    for grant in ordered:
        indexes.setdefault(grant.action, PatternIndex()).add(grant.resource, grant)
    return [grant for grant in ordered if not _is_covered(grant, indexes[grant.action])]


def _is_covered(grant: Grant, index: PatternIndex[Grant]) -> bool:
    return any(
        other != grant
        and other.conditions.weaker_than(grant.conditions)
        and (not _covers(grant, other) or _spelling(other) < _spelling(grant))
        for other in index.covering(grant.resource, spanning=False)
    )


def _covers(grant: Grant, other: Grant) -> bool:
    return grant.resource.covers(other.resource) and grant.conditions.weaker_than(other.conditions)


def _spelling(grant: Grant) -> tuple[str, str, str, Conditions]:
    return (grant.action.text.lower(), grant.action.text, grant.resource.text, grant.conditions)


def with_sid(statement: Statement) -> Statement:
    """`statement` with a Sid made of its content: what it is about, for a reader, and a hash of all of it.

    "The Sid element supports ASCII uppercase letters (A-Z), lowercase letters (a-z), and numbers (0-9)"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html).
    """
    bare = replace(statement, sid=None)
    digest = hashlib.sha256(json_text(bare.to_json()).encode("utf-8", "backslashreplace")).hexdigest()
    return replace(bare, sid=f"{_title(bare)}{digest[:_SID_DIGITS]}")


def _title(statement: Statement) -> str:
    """`LambdaFunction`, `Ec2Any`, `IamRole`; the service alone where its resources are of several types, or of none."""
    services = {text.partition(":")[0].lower() for text in statement.actions}
    service = services.pop() if len(services) == 1 else ""
    types = {_type(ArnPattern(text)) for text in statement.resources}
    return _capitals(service)[:_WORD] + (_capitals(types.pop())[:_WORD] if len(types) == 1 else "")


def _type(resource: ArnPattern) -> str:
    if resource.is_star:
        return "any"
    if resource.service in _UNTYPED:
        return _UNTYPED[resource.service]["/" in resource.resource]
    found = _TYPE.match(resource.resource)
    return found.group(1) if found else ""


def _capitals(text: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", text))


def with_distinct_sids(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """`statements`; where a Sid comes again, with a number behind it: Sids are unique within a policy."""
    taken: set[str] = set()
    distinct = []
    for statement in statements:
        sid, number = statement.sid, 1
        while sid and sid in taken:
            number += 1
            sid = f"{statement.sid}x{number}"
        if sid:
            taken.add(sid)
        distinct.append(replace(statement, sid=sid))
    return tuple(distinct)
