"""`alike`: what several runs have in common, as the least general pattern that covers them (`--resources service`).

One run cannot tell which part of a name will be another one next time; two runs can. Names of two stages that differ
in their stage alone, `orders-dev-api` and `orders-prod-api`, become `orders-*-api`. Names that differ in one part alone
which looks generated in both, `exports-7f3a9c` of one day and `exports-c2e8d1` of the next, become `exports-??????`.
Nothing is widened where only one of the runs has such a name, where the part is a word that somebody chose, or where it
is all of a name.

Only runs of one service in the same accounts are compared, and only what one principal needed, for one action, under
one condition: no pattern reaches into another account, partition, region or AWS service. Each is recorded as a
Widening of the permissions that it replaces, and told as a finding. The traces keep their order and their evidence:
`unite` makes one of them.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Permission, UsedPermission, Widening
from tracer.model.trace import RunFacts, Trace

STAGES: Final = "several-stages"
RUNS: Final = "several-runs"
"""The rules, as a Widening names them."""

_OPEN: Final = "\0"
"""Where a part of a name is left open; no ARN of a trace holds it."""

_PART: Final = re.compile(r"(?<=[-_.])[A-Za-z0-9]+|[A-Za-z0-9]+(?=[-_.])")
"""A part of a name that has others."""

_GENERATED: Final = re.compile(r"(?!\d{12}$|[A-Za-z]+\d{1,4}$)(?=.*\d)[A-Za-z0-9]{6,}")
"""A part that nobody chose: six letters and digits or more, with a digit among them. Not an account's number, nor a
word with a number behind it (`python312`)."""

_Place = tuple[Hashable, ...]
"""Who needed which action under which condition, and where: only what agrees in all of it is compared."""

_Frame = tuple[str, str]
"""A resource with a part left open, and what stood there."""

_Parts = Mapping[int, set[str]]
"""What stood in a frame, by run."""


def alike(traces: Sequence[Trace]) -> tuple[tuple[Trace, ...], tuple[Finding, ...]]:
    """`traces`, with a pattern where runs differ in one part of a name; and what became one."""
    staged = _generalized(traces, STAGES, _stage_frames, _other_stages, lambda stages: "*")
    result = _generalized(staged, RUNS, _generated_frames, _other_ids, _of_their_length)
    return result, tuple(_findings(traces, result))


def _generalized(
    traces: Sequence[Trace],
    rule: str,
    frames_of: Callable[[Permission, RunFacts], Iterable[_Frame]],
    differing: Callable[[_Parts], set[str]],
    wildcard: Callable[[set[str]], str],
) -> tuple[Trace, ...]:
    """`traces`, with wildcards where `frames_of` leaves a part open and the runs differ in it.

    Args:
        traces: one for each run.
        rule: what the widening is called.
        frames_of: the frames of a permission's resource.
        differing: of what stood in a frame, the parts that are another in each run.
        wildcard: what stands for these.
    """
    seen: defaultdict[tuple[_Place, str], defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for number, trace in enumerate(traces):
        for used in trace.permissions:
            for frame, part in frames_of(used.permission, trace.run):
                seen[_place(used.permission, trace.run), frame][number].add(part)
    open_ = {key: differing(parts) for key, parts in seen.items()}

    def widened(used: UsedPermission, run: RunFacts) -> UsedPermission:
        for frame, part in frames_of(used.permission, run):
            parts = open_[_place(used.permission, run), frame]
            if part in parts:
                sign = wildcard(parts)
                pattern = ArnPattern(frame.replace(_OPEN, sign))
                steps = {*used.widened, Widening("resource", part, sign, rule)}
                return replace(
                    used, permission=replace(used.permission, resource=pattern), widened=tuple(sorted(steps))
                )
        return used

    return tuple(
        replace(trace, permissions=tuple(widened(used, trace.run) for used in trace.permissions)) for trace in traces
    )


def _place(permission: Permission, run: RunFacts) -> _Place:
    return (
        run.partition,
        run.accounts,
        run.service,
        permission.section,
        permission.principal,
        permission.action,
        permission.conditions,
    )


def _stage_frames(permission: Permission, run: RunFacts) -> Iterator[_Frame]:
    """The resource with the run's stage left open wherever it follows the service in a name, or is an API's stage."""
    if not (run.service and run.stage) or permission.resource.is_star:
        return
    *head, resource = permission.resource.segments
    stage = re.compile(
        rf"(?P<before>(?<![^/:]){re.escape(run.service)}[-_/]|^/(?:rest)?apis/[^/]+/stages/)"
        rf"{re.escape(run.stage)}(?![A-Za-z0-9])",
        re.IGNORECASE,
    )
    frame = stage.sub(lambda match: match["before"] + _OPEN, resource)
    if frame != resource:
        yield ":".join((*head, frame)), run.stage


def _other_stages(parts: _Parts) -> set[str]:
    stages: set[str] = set().union(*parts.values())
    return stages if len(stages) > 1 else set()


def _generated_frames(permission: Permission, run: RunFacts) -> Iterator[_Frame]:
    """The resource with one part left open, for each part of it that looks generated."""
    if permission.resource.is_star:
        return
    *head, resource = permission.resource.segments
    for match in _PART.finditer(resource):
        if _GENERATED.fullmatch(match.group()):
            yield ":".join((*head, resource[: match.start()] + _OPEN + resource[match.end() :])), match.group()


def _other_ids(parts: _Parts) -> set[str]:
    """The parts that not all runs have, where two runs have different ones: a run that has more than the others tells
    nothing of what changes.
    """
    common = set.intersection(*parts.values())
    own = [found - common for found in parts.values() if found - common]
    differ = any(one.isdisjoint(other) for one, other in itertools.combinations(own, 2))
    return set().union(*own) if differ else set()


def _of_their_length(parts: set[str]) -> str:
    """The least general pattern of generated parts: as many `?`, where all have one length."""
    lengths = set(map(len, parts))
    return "?" * lengths.pop() if len(lengths) == 1 else "*"


def _findings(traces: Iterable[Trace], result: Iterable[Trace]) -> Iterator[Finding]:
    """What was widened between `traces` and `result`, by AWS service."""
    patterns: defaultdict[str, set[str]] = defaultdict(set)
    for before, after in zip(traces, result, strict=True):
        for one, other in zip(before.permissions, after.permissions, strict=True):
            if one != other:
                pattern = other.permission.resource
                patterns[pattern.service].add(pattern.resource)
    for service, resources in sorted(patterns.items()):
        yield Finding(
            "SEVERAL_RUNS",
            f"{service}: names that differ between the runs in their stage, or in a part that looks generated, became "
            f"patterns, good for all stages and runs: {', '.join(sorted(resources))}",
        )
