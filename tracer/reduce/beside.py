"""What goes with an action that a run needed, and leaves no record (`tracer.reference.inferred_rules`, beside.json).

A function that opens a log stream writes to it, and CloudTrail records only the one. This looks at the folded
permissions and not at records: what is added is on the same resource, for the same principal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tracer.model.permission import UsedPermission
from tracer.reduce.inferred import Line
from tracer.reference import inferred_rules


def beside(known: Iterable[UsedPermission]) -> Iterator[Line]:
    """What the rules add for `known`."""
    for used in known:
        made = used.permission
        for rule in inferred_rules.beside():
            if (
                made.action in rule.actions
                and rule.section in (None, made.section)
                and (rule.on is None or rule.on.fullmatch(made.resource.resource))
            ):
                yield Line(
                    made.section,
                    made.principal,
                    rule.adds.action,
                    made.resource,
                    rule.rule,
                    used.widened,
                    unlogged=rule.adds.action.service,
                    conditions=made.conditions,
                )
