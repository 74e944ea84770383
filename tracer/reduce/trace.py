"""The passes over a run's records that give its trace (`tracer.reduce.reduction`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from tracer.model.finding import Finding
from tracer.model.record import RawRecord, Record, Unreadable
from tracer.model.run import DeployRun, TraceOptions
from tracer.model.search import Search, Wanted
from tracer.model.trace import Accounting, Trace
from tracer.reduce.attribution import Attribution, Members
from tracer.reduce.calls import Calls, Reading
from tracer.reduce.inventory import Notes
from tracer.reduce.parse import canonical, parse
from tracer.reduce.reduction import Reduction
from tracer.reduce.search import CALLS_OF_IAM, asked_for
from tracer.reduce.seen import Seen, content_of
from tracer.reduce.select import Binned, Selected, select
from tracer.reduce.unselected import nothing_selected

Read = Callable[[], Iterable[RawRecord]]
"""Reads the records from the start; called once a pass."""


def reduce_records(
    read: Read,
    run: DeployRun,
    options: TraceOptions,
    source_findings: Callable[[], tuple[Finding, ...]] = tuple,
    search: Search | None = None,
) -> Trace:
    """The trace of a run.

    Args:
        read: yields the records, in any order, at each call.
        run: which of them count.
        options: how they become permissions.
        source_findings: what the source cannot show; asked after the last record.
        search: finds in the same records those of a few callers, where the source can.

    Raises:
        NothingSelected: no record is the run's; the message lists who does appear.
    """
    reduction = _searched(search, run, options) if search else None
    if reduction is None:
        attribution, notes, calls = Attribution(run), Notes(), Calls()
        _observe(read(), calls, attribution, notes)
        reduction = _reduced(read, run, options, attribution.members(), notes, calls)
        if not reduction.accounting().selected:
            raise nothing_selected(reduction.accounting(), run, attribution)
    return reduction.trace(source_findings())


def _searched(search: Search, run: DeployRun, options: TraceOptions) -> Reduction | None:
    """The reduction of the records that a search finds; None where it finds none of the run, or cannot be made.

    First the records of whom the run asks for, then of those who turn out to act for them, and once it is known what
    the calls leave open of IAM's names, IAM's own.
    """
    wanted = asked_for(run.principals)
    if not wanted:
        return None
    attribution, notes, calls, sought = Attribution(run), Notes(), Calls(), Wanted()
    while wanted:
        _observe(search.look(wanted), calls, attribution, notes)
        sought |= wanted
        wanted = attribution.wanted() - sought
    reduction = _reduced(search.found, run, options, attribution.members(), notes, calls)
    if reduction.lacks_names:
        for raw in search.glance(CALLS_OF_IAM):
            notes.observe_iam(raw)
        reduction = _reduced(search.found, run, options, attribution.members(), notes, calls)
    reduction.skip(search.skipped)
    return reduction if reduction.accounting().selected else None


def _reduced(
    read: Read, run: DeployRun, options: TraceOptions, members: Members, notes: Notes, calls: Calls
) -> Reduction:
    """The second pass; and more, where copies of one record contradict each other."""

    def reduced(winners: Mapping[str, int]) -> tuple[Reduction, Seen]:
        reduction, seen = Reduction(run, options, members, notes.inventory(members.sections)), Seen()
        for item in select(read(), run, members, seen, calls, winners):
            reduction.add(item)
        return reduction, seen

    reduction, seen = reduced({})
    winners = _winners(read, run, members, calls, seen.suspects) if seen.suspects else {}
    if winners:
        reduction, _ = reduced(winners)
        reduction.note_conflicts(winners)
    return reduction


def select_records(read: Read, run: DeployRun) -> Iterator[RawRecord]:
    """The records, unchanged, that `reduce_records` with the same run needs: the run's own, and those that tell who
    acts for whom and what names and ids mean. Raises NothingSelected as it does.
    """
    attribution, calls = Attribution(run), Calls()
    _observe(read(), calls, attribution, Notes())
    members = attribution.members()
    bins: Counter[str] = Counter()
    for item in select(read(), run, members, Seen(), calls):
        if isinstance(item, Selected) or item.bin == "not_an_api_call":
            break
        bins[item.bin] += 1
    else:
        raise nothing_selected(Accounting(**bins), run, attribution)
    for item in select(read(), run, members, Seen(), calls):
        if isinstance(item, Selected) or item.of_the_run or _tells(item.reading):
            yield item.raw


def _tells(reading: Reading | Unreadable) -> bool:
    """Whether a record that does not count still says something about those that do."""
    return isinstance(reading, Reading) and reading.service in ("sts", "iam") and not reading.call.denied


def _observe(raws: Iterable[RawRecord], calls: Calls, attribution: Attribution, notes: Notes) -> None:
    """The first pass."""
    for raw in raws:
        reading = calls.read(raw)
        if isinstance(reading, Reading):
            notes.observe(reading)
        attribution.observe(reading)


def _winners(read: Read, run: DeployRun, members: Members, calls: Calls, suspects: Collection[str]) -> dict[str, int]:
    """For each eventID that stands over different contents, the one with the smaller canonical JSON: a pass of its
    own, which only a log that was tampered with, masked twice, or rebuilt by Athena ever needs.
    """
    contents: defaultdict[str, set[int]] = defaultdict(set)
    smallest: dict[str, tuple[bytes, int]] = {}
    for item in select(read(), run, members, Seen(), calls):
        if isinstance(item, Binned) and not item.of_the_run:
            continue
        record = parse(item.raw) if item.event_id in suspects else None
        if isinstance(record, Record) and not isinstance(item.raw, Unreadable):
            this = canonical(item.raw), content_of(record)
            contents[item.event_id].add(this[1])
            smallest[item.event_id] = min(this, smallest.get(item.event_id, this))
    return {event_id: content for event_id, (_, content) in smallest.items() if len(contents[event_id]) > 1}
