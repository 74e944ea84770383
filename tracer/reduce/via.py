"""The condition keys that a call carries because a service made it for the caller (`data/overrides/via.json`).

What was seen of a key was its use through one service, and that much is granted: `kms:ViaService`.
"""

from __future__ import annotations

from collections.abc import Callable

from tracer.model.arn import ArnPattern
from tracer.model.policy import Conditions
from tracer.reference import via_rules
from tracer.reference.table import ActionFact


def carried(
    fact: ActionFact,
    resource: ArnPattern,
    via: str | None,
    region: str,
    has_context: Callable[[str], bool] = lambda key: False,
) -> Conditions:
    """The conditions that a forwarded call carried; none for a direct call, or where nothing tells which service
    forwarded it.

    Args:
        fact: the call's action.
        resource: what it was checked on.
        via: the forwarding service as recorded.
        region: the call's.
        has_context: whether the call's encryption context has a key.
    """
    if via is None or fact.star_only:
        return Conditions()
    service, dot, domain = via.partition(".amazonaws.")
    filled_in = (("${Service}", service), ("${Region}", region), ("${Domain}", f"amazonaws.{domain if dot else 'com'}"))
    conditions = Conditions()
    for rule in via_rules.rules():
        told = bool(dot) if rule.context is None else not dot and has_context(rule.context)
        if (
            told
            and rule.service == fact.action.service
            and rule.key in fact.conditions
            and rule.on.match(resource.resource)
        ):
            value = rule.value
            for name, text in filled_in:
                value = value.replace(name, text)
            conditions |= Conditions.of(rule.operator, rule.key, value)
    return conditions
