"""`unite`: several traces as one, so that a policy can be good for the deploy, the redeploy and the remove.

What two traces know of the same permission is put together; a trace that is given twice counts once; neither the
order of the traces nor that of their lines leaves a mark on the result.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, replace
from typing import TypeVar

from tracer.errors import EmitError
from tracer.model.finding import Finding
from tracer.model.permission import Evidence, UsedPermission
from tracer.model.trace import Accounting, Denial, RunFacts, Trace

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def unite(traces: Iterable[Trace]) -> Trace:
    """All that `traces` hold, as one trace.

    Raises EmitError where there is no trace, or where traces of different partitions (aws, aws-cn...) meet.
    """
    distinct = tuple(dict.fromkeys(traces))
    if not distinct:
        raise EmitError("there is no trace to emit a policy from", "give one or more files that `tracer reduce` wrote")
    return Trace(
        run=_run(trace.run for trace in distinct),
        permissions=_permissions(used for trace in distinct for used in trace.permissions),
        denied=_denials(denial for trace in distinct for denial in trace.denied),
        findings=_findings(finding for trace in distinct for finding in trace.findings),
        accounting=Accounting(
            **{
                bin_.name: sum(getattr(trace.accounting, bin_.name) for trace in distinct)
                for bin_ in fields(Accounting)
            }
        ),
    )


def _run(runs: Iterable[RunFacts]) -> RunFacts:
    facts = list(runs)
    partitions = sorted({run.partition for run in facts})
    if len(partitions) > 1:
        raise EmitError(
            f"the traces come from different partitions: {', '.join(partitions)}",
            "a policy holds in one partition alone: emit one for each",
        )
    return RunFacts(
        principals=_all(run.principals for run in facts),
        since=_outermost(min, [run.since for run in facts]),
        until=_outermost(max, [run.until for run in facts]),
        accounts=_all(run.accounts for run in facts),
        regions=_all(run.regions for run in facts),
        partition=partitions[0],
        service=_common(run.service for run in facts),
        stage=_common(run.stage for run in facts),
        stacks=_all(run.stacks for run in facts),
    )


def _all(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({text for group in groups for text in group}))


def _outermost(choose: Callable[[list[str]], str], times: list[str | None]) -> str | None:
    """The bound of all windows; none where one of them has none."""
    known = [time for time in times if time is not None]
    return choose(known) if len(known) == len(times) else None


def _common(texts: Iterable[str | None]) -> str | None:
    known = {text for text in texts if text is not None}
    return known.pop() if len(known) == 1 else None


def _permissions(lines: Iterable[UsedPermission]) -> tuple[UsedPermission, ...]:
    groups = _grouped(lines, lambda used: used.permission)
    united = (
        UsedPermission(
            permission,
            _evidence([used.evidence for used in group]),
            tuple(sorted({step for used in group for step in used.widened})),
        )
        for permission, group in groups.items()
    )
    return tuple(sorted(united, key=lambda used: used.permission.sort_key))


def _denials(rows: Iterable[Denial]) -> tuple[Denial, ...]:
    groups = _grouped(rows, lambda denial: replace(denial, evidence=Evidence()))
    united = (replace(row, evidence=_evidence([denial.evidence for denial in group])) for row, group in groups.items())
    return tuple(sorted(united, key=lambda denial: denial.sort_key))


def _findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    groups = _grouped(findings, lambda finding: replace(finding, count=0, events=()))
    united = (
        replace(
            remark,
            count=sum(finding.count for finding in group),
            events=_cut([finding.events for finding in sorted(group, key=lambda finding: finding.events)]),
        )
        for remark, group in groups.items()
    )
    return tuple(sorted(united, key=finding_key))


def finding_key(finding: Finding) -> tuple[str, ...]:
    """A key that orders findings; nothing compares None."""
    return (finding.code, finding.event_source or "", finding.event_name or "", finding.message)


def _evidence(parts: list[Evidence]) -> Evidence:
    # A trace does not keep the time of each event: the one whose first call is the earliest gives its events first.
    parts = sorted(parts, key=lambda part: (part.first or "", part.last or "", part.events))
    return Evidence(
        count=sum(part.count for part in parts),
        first=min((part.first for part in parts if part.first is not None), default=None),
        last=max((part.last for part in parts if part.last is not None), default=None),
        events=_cut([part.events for part in parts]),
    )


def _cut(lists: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The events of all lists, each once, and as many as the longest list holds: what --evidence asked for."""
    return tuple(dict.fromkeys(event for events in lists for event in events))[: max(map(len, lists))]


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
