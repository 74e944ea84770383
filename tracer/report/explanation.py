"""What stands behind an action or a resource: each permission of it in a trace, with its evidence.

In: an action, an ARN, or a pattern of either, and a trace. Out: one block a permission, then the denied calls and the
findings that speak of it; no block where there is nothing to tell. Where no permission was found, what was left out of
the trace may be why, and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from tracer.model.action import Action, InvalidAction
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Evidence, UsedPermission, Widening
from tracer.model.trace import Accounting, Denial, Trace
from tracer.report.layout import Block, Document, Heading, Line, Pairs, Tone, in_words, tone_of
from tracer.report.text import counted

_LABEL: Final = 10
"""The width of the labels' column."""

_LEFT_OUT: Final = {
    "other_principal": "of other principals",
    "outside_window": "outside the window",
    "filtered_out": "filtered out",
    "unreadable": "unreadable",
    "unmapped": "for which no action is known",
}
"""The bins of the accounting in which a call may have ended that needed what is not in the trace."""

Named = Callable[[str, str], Iterable[str]]
"""The actions that an event stands for, by its source and its name."""


def same_name(event_source: str, event_name: str) -> Iterator[str]:
    """The general rule: an event's action has its source's prefix and its own name."""
    yield f"{event_source.partition('.')[0]}:{event_name}"


def explanation(asked: Action | ArnPattern, trace: Trace, named: Named = same_name) -> Document:
    """Why `asked` is in the policy of `trace`, or what is known of it if it is not; empty where nothing is.

    Args:
        asked: an action, or a resource; a pattern stands for all that it covers. A resource stands also for the
            patterns that cover it, but not for `*`, which covers all of them: how many permissions have that is told.
        trace: the trace.
        named: how findings, which are about events, are found by an action.
    """
    on_action = isinstance(asked, Action)
    used = [item for item in trace.permissions if _is_about(asked, item)]
    denied = [item for item in trace.denied if _is_of(asked, item.action if on_action else item.resource)]
    remarks = [item for item in trace.findings if _speaks_of(asked, item, named)]
    blocks: list[Block] = [*map(_permission, used), *map(_denial, denied), *map(_finding, remarks)]
    if blocks and not used:
        blocks.insert(0, [Line(f"No permission {'for' if on_action else 'on'} {asked.text} is in the trace.")])
        blocks += absence(trace.accounting)
    if blocks and isinstance(asked, ArnPattern) and not asked.is_star:
        blocks += _on_star(trace)
    return blocks


def absence(accounting: Accounting) -> Iterator[Block]:
    """What else may be why something is not in a trace: the calls that it leaves out. Nothing where there are none."""
    counts = [(getattr(accounting, bin_), words) for bin_, words in _LEFT_OUT.items()]
    told = [f"{count:,} {words}" for count, words in counts if count]
    if told:
        yield [Line(f"It leaves these records out, of which some may have needed it: {', '.join(told)}.")]


def _is_about(asked: Action | ArnPattern, item: UsedPermission) -> bool:
    permission = item.permission
    if isinstance(asked, Action):
        return asked.covers(permission.action)
    resource = permission.resource
    return asked.covers(resource) or (resource.covers(asked) and not resource.is_star)


def _is_of(asked: Action | ArnPattern, name: str | None) -> bool:
    if name is None:
        return False
    if isinstance(asked, ArnPattern):
        return asked.covers(ArnPattern.exactly(name))
    try:
        return asked.covers(Action(name))
    except InvalidAction:
        return False


def _speaks_of(asked: Action | ArnPattern, finding: Finding, named: Named) -> bool:
    if isinstance(asked, ArnPattern):
        return not asked.is_star and asked.text in finding.message
    if finding.event_source is None or finding.event_name is None:
        return False
    return any(_is_of(asked, name) for name in named(finding.event_source, finding.event_name))


def _on_star(trace: Trace) -> Iterator[Block]:
    count = sum(item.permission.resource.is_star for item in trace.permissions)
    if count:
        yield [Line(f"And {counted(count, 'permission')} on *, which is every resource.")]


def _permission(item: UsedPermission) -> Block:
    permission = item.permission
    known = [permission.basis.value]
    known += [f"rule {permission.rule}"] if permission.rule else []
    known += [f"called by {permission.via}"] if permission.via else []
    return _block(
        Heading(f"{permission.action} on {permission.resource}"),
        ("for", [f"{permission.principal} ({permission.section.value})"]),
        ("only if", in_words(permission.conditions)),
        ("known", [", ".join(known)]),
        ("widened", map(_widening, item.widened)),
        *_evidence(item.evidence),
    )


def _denial(item: Denial) -> Block:
    return _block(
        Heading(f"Denied: {item.action} on {item.resource or 'a resource that nothing names'}", Tone.BAD),
        ("for", [item.principal]),
        ("error", [item.error + (f", by a policy of the kind {item.cause}" if item.cause else "")]),
        ("read from", [f"the {item.read_from}"]),
        *_evidence(item.evidence),
    )


def _finding(item: Finding) -> Block:
    title = f"{item.severity.value}: {item.code}: {item.message}"
    return _block(Heading(title, tone_of(item.severity)), ("events", item.events))


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


def _block(heading: Heading, *rows: tuple[str, Iterable[str]]) -> Block:
    pairs = tuple(("" if number else label, value) for label, values in rows for number, value in enumerate(values))
    return [heading, Pairs(pairs, width=_LABEL)] if pairs else [heading]
