"""The picture of a run: services by time, from the first and last times and the counts of permissions.

In: a trace. Out: geometry in per cent of the picture's width and in pixels of a lane's height, which the template draws
as SVG; and the same as rows of a table, for who cannot see it. A trace knows of a permission when it was used first and
last and how often, and not each time between: so a column counts the calls that are known to lie in it, and a thin line
joins the first and the last of what was called more than once.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tracer.model.permission import Basis, Evidence
from tracer.model.trace import Trace
from tracer.report.moments import Span, moment
from tracer.report.text import counted, shown

COLUMNS: Final = 144
"""Into how many columns the run's time is divided."""

LANE: Final = 24
"""The height of a service's lane, in pixels."""

_TALLEST: Final = 18
_SMALLEST: Final = 3
_LABELS: Final = 5
"""How many times the axis names at most, beside its end."""

_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Distances between labels, in seconds, that clocks have marks for; above a day, whole days."""

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Mark:
    """A column of calls: where it stands, and what it says. `x` and `width` in per cent, `y` and `height` in pixels."""

    x: str
    width: str
    y: int
    height: int
    title: str
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """A line from the first to the last use of something, in per cent."""

    x: str
    end: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One service.

    Attributes:
        service: its prefix.
        top: where the lane begins, in pixels.
        marks, threads: what is drawn.
        permissions, calls, denied: counts.
        first, last: times; empty where nothing was recorded.
    """

    service: str
    top: int
    marks: tuple[Mark, ...]
    threads: tuple[Thread, ...]
    permissions: int
    calls: int
    denied: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis; `x` in per cent. `anchor` is SVG's text-anchor."""

    x: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole picture; without lanes where the trace knows no time."""

    lanes: tuple[Lane, ...] = ()
    ticks: tuple[Tick, ...] = ()
    description: str = ""

    @property
    def height(self) -> int:
        """Of all lanes, in pixels."""
        return len(self.lanes) * LANE


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a time lies, and how high so many calls stand."""

    span: Span
    most: int

    def column(self, time: datetime) -> int:
        if self.span.first is None or not self.span.seconds:
            return 0
        share = (time - self.span.first).total_seconds() / self.span.seconds
        return min(int(share * COLUMNS), COLUMNS - 1)

    def height(self, calls: int) -> int:
        """By the square root: a service that calls a hundred times does not flatten one that calls twice."""
        return max(_SMALLEST, round(_TALLEST * math.sqrt(calls / self.most)))


def picture(trace: Trace) -> Picture:
    """The picture of `trace`."""
    span, used, denied = Span.of(trace), _used(trace), _denied(trace)
    if span.first is None or not (used or denied):
        return Picture()
    columns = [_known(_Scale(span, 1), group) for group in (*used.values(), *denied.values())]
    scale = _Scale(span, max((max(counts.values(), default=1) for counts in columns), default=1))
    services = sorted({*used, *denied}, key=lambda name: (_begin([*used[name], *denied[name]]), name))
    lanes = tuple(
        _lane(service, number * LANE, used[service], denied[service], scale) for number, service in enumerate(services)
    )
    busiest = max(lanes, key=lambda lane: lane.calls)
    description = (
        f"{counted(len(lanes), 'service')} over time, {span.text}. The most calls, {busiest.calls:,}, "
        f"are of {busiest.service}."
    )
    return Picture(lanes, tuple(_ticks(span)), description)


def _used(trace: Trace) -> defaultdict[str, list[Evidence]]:
    """The evidence of each service; what --include-denied added is among the denied calls."""
    groups: defaultdict[str, list[Evidence]] = defaultdict(list)
    for item in trace.permissions:
        if item.permission.basis is not Basis.DENIED:
            groups[shown(item.permission.action.service, 40)].append(item.evidence)
    return groups


def _denied(trace: Trace) -> defaultdict[str, list[Evidence]]:
    groups: defaultdict[str, list[Evidence]] = defaultdict(list)
    for row in trace.denied:
        groups[shown(row.action.partition(":")[0], 40) if row.action else "unknown"].append(row.evidence)
    return groups


def _begin(evidence: Sequence[Evidence]) -> datetime:
    """When a service was called first; one without a record comes last."""
    return Span.around(evidence).first or datetime.max.replace(tzinfo=UTC)


def _known(scale: _Scale, evidence: Iterable[Evidence]) -> Counter[int]:
    """The calls that are known to lie in each column: the first, and the last where there was more than one."""
    counts: Counter[int] = Counter()
    for item in evidence:
        times = (item.first, item.last if item.count > 1 else None)
        counts.update(scale.column(time) for time in map(moment, times) if time is not None)
    return counts


def _lane(service: str, top: int, used: Sequence[Evidence], denied: Sequence[Evidence], scale: _Scale) -> Lane:
    first, last = Span.around([*used, *denied]).ends
    return Lane(
        service=service,
        top=top,
        marks=(*_marks(used, top, scale, denied=False), *_marks(denied, top, scale, denied=True)),
        threads=tuple(_threads(used, scale)),
        permissions=len(used),
        calls=sum(item.count for item in used),
        denied=sum(item.count for item in denied),
        first=scale.span.time(first),
        last=scale.span.time(last),
    )


def _marks(evidence: Sequence[Evidence], top: int, scale: _Scale, *, denied: bool) -> Iterator[Mark]:
    for column, calls in sorted(_known(scale, evidence).items()):
        height = scale.height(calls)
        yield Mark(
            x=_per_cent(column / COLUMNS),
            width=_per_cent(0.8 / COLUMNS),
            y=top + LANE - 3 - height,
            height=height,
            title=f"{_time_of(column, scale.span)}: {counted(calls, 'denied call' if denied else 'call')}",
            denied=denied,
        )


def _threads(evidence: Iterable[Evidence], scale: _Scale) -> Iterator[Thread]:
    """What overlaps is one line."""
    begin = end = 0
    for first, last in sorted(_stretches(evidence, scale)):
        if first > end:
            yield from _thread(begin, end)
            begin, end = first, last
        else:
            begin, end = (first if begin == end else begin), max(end, last)
    yield from _thread(begin, end)


def _stretches(evidence: Iterable[Evidence], scale: _Scale) -> Iterator[tuple[int, int]]:
    for item in evidence:
        first, last = moment(item.first), moment(item.last)
        if item.count > 1 and first and last:
            yield scale.column(first), scale.column(last)


def _thread(begin: int, end: int) -> Iterator[Thread]:
    if begin < end:
        yield Thread(_per_cent(begin / COLUMNS), _per_cent(end / COLUMNS))


def _time_of(column: int, span: Span) -> str:
    if span.first is None:
        return ""
    begin = span.first + timedelta(seconds=span.seconds * column / COLUMNS)
    return f"about {begin:%H:%M:%S}" if span.one_day else f"about {begin:%Y-%m-%d %H:%M}"


def _ticks(span: Span) -> Iterator[Tick]:
    """The axis: times that a clock has marks for, with the day where a label would not be plain without."""
    if span.first is None:
        return
    if not span.seconds:
        yield Tick("0%", f"{span.first:%H:%M:%S}", "start")
        return
    step = _step(span.seconds)
    form = "%Y-%m-%d" if step >= _DAY else "%H:%M:%S" if step < 60 else "%H:%M" if span.one_day else "%m-%d %H:%M"
    begin = span.first.timestamp()
    at = math.ceil(begin / step) * step
    while at <= begin + span.seconds:
        share = (at - begin) / span.seconds
        anchor = "start" if share < 0.04 else "end" if share > 0.96 else "middle"
        yield Tick(_per_cent(share), datetime.fromtimestamp(at, UTC).strftime(form), anchor)
        at += step


def _step(seconds: float) -> int:
    wanted = seconds / _LABELS
    return next((step for step in _STEPS if step >= wanted), math.ceil(wanted / _DAY) * _DAY)


def _per_cent(share: float) -> str:
    return f"{share * 100:.2f}%"
