"""What stands behind an action: each permission of it in a trace, with its evidence, as text for a terminal.

In: an action or a pattern of actions, and a trace. Out: one block a permission, then the denied calls and the findings
that speak of it; or None where there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tracer.model.action import Action, InvalidAction
from tracer.model.finding import Finding
from tracer.model.permission import Evidence, UsedPermission, Widening
from tracer.model.policy import Conditions
from tracer.model.trace import Denial, Trace
from tracer.report.text import counted, printable

_LABEL: Final = 10
"""The width of the labels' column."""


def explanation(action: Action, trace: Trace) -> str | None:
    """Why `action` is in the policy of `trace`, or what is known of it if it is not; None where nothing is."""
    used = [item for item in trace.permissions if action.covers(item.permission.action)]
    denied = [item for item in trace.denied if _is_of(action, item.action)]
    remarks = [item for item in trace.findings if _speaks_of(action, item)]
    blocks = [*map(_permission, used), *map(_denial, denied), *map(_finding, remarks)]
    if blocks and not used:
        blocks.insert(0, f"No permission for {printable(action.text)} is in the trace.\n")
    return "\n".join(blocks) or None


def _is_of(action: Action, name: str | None) -> bool:
    try:
        return name is not None and action.covers(Action(name))
    except InvalidAction:
        return False


def _speaks_of(action: Action, finding: Finding) -> bool:
    if finding.event_source is None or finding.event_name is None:
        return False
    return _is_of(action, f"{finding.event_source.partition('.')[0]}:{finding.event_name}")


def _permission(item: UsedPermission) -> str:
    permission = item.permission
    known = [permission.basis.value]
    known += [f"rule {permission.rule}"] if permission.rule else []
    known += [f"called by {permission.via}"] if permission.via else []
    return _block(
        f"{permission.action} on {permission.resource}",
        ("for", [f"{permission.principal} ({permission.section.value})"]),
        ("only if", _conditions(permission.conditions)),
        ("known", [", ".join(known)]),
        ("widened", map(_widening, item.widened)),
        *_evidence(item.evidence),
    )


def _denial(item: Denial) -> str:
    return _block(
        f"Denied: {item.action} on {item.resource or 'a resource that nothing names'}",
        ("for", [item.principal]),
        ("error", [item.error + (f", by a policy of the kind {item.cause}" if item.cause else "")]),
        ("read from", [f"the {item.read_from}"]),
        *_evidence(item.evidence),
    )


def _finding(item: Finding) -> str:
    return _block(f"{item.severity.value}: {item.code}: {item.message}", ("events", item.events))


def _conditions(conditions: Conditions) -> list[str]:
    return [f"{operator} {key} = {' or '.join(values)}" for operator, key, values in conditions.items]


def _widening(step: Widening) -> str:
    return f"{step.part}: {step.before or 'unknown'} became {step.after} ({step.rule})"


def _evidence(evidence: Evidence) -> Iterator[tuple[str, Iterable[str]]]:
    if not evidence.count:
        yield "seen", ["never: a default trail does not log it, or no record stands behind it"]
        return
    yield "seen", [f"{counted(evidence.count, 'time')}, {_span(evidence)}"]
    more = evidence.count - len(evidence.events)
    yield "events", [*evidence.events, *([f"and {more:,} more (`--evidence all` keeps them)"] if more > 0 else [])]


def _span(evidence: Evidence) -> str:
    return f"at {evidence.first}" if evidence.first == evidence.last else f"from {evidence.first} to {evidence.last}"


def _block(title: str, *rows: tuple[str, Iterable[str]]) -> str:
    lines = [printable(title)]
    for label, values in rows:
        for number, value in enumerate(values):
            lines.append(f"  {'' if number else label:<{_LABEL}}{printable(value)}")
    return "\n".join(lines) + "\n"
