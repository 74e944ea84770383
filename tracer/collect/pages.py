"""`Stretches`: what the event history of an account and region showed, on disk, so that a lookup goes on after a break.

AWS answers two lookups a second, 50 events each: a busy account's day is read for an hour, and credentials expire
meanwhile. The next command must not begin anew, and must not trust what it cannot know.

What is kept is not the answer to a question. `--since -1h` asks another question at each call, and a NextToken goes
with one question alone, "with the same parameters that were specified in the original call", and expires. What lasts
is what an answer says about time: LookupEvents lists the most recent event first
(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html), so a page tells all events from
the end of the page before down to its own oldest second, of which the next page may have more. That is a stretch: all
events from one second to another. A later command reads the stretches in its window, whatever that is, and asks for
what lies between them and behind the last. StartTime and EndTime are inclusive, eventTime has whole seconds, and so are
both ends of a stretch: no event is asked for twice, and none is counted twice. Where stretches overlap, because two
commands ran at once, the later one is cut.

Three things are not trusted. What is younger than `DELIVERED` is not kept: an event that came in between two commands
would be missing in silence, and a policy of a part is wrong. So a deploy of a moment ago is read anew, which is a
matter of seconds; the windows that take long are old. And what is older than `KEPT` is asked for again and swept away:
CloudTrail guarantees no time of delivery, and a break is mended within the day. What was asked for later than now was
kept by a clock that was ahead: what had been delivered by then nobody knows.

The file's name says which seconds it holds, when they were asked for, and the SHA-256 of what is in it. A file that
does not hold what its name says is as good as none. It is written under a temporary name and moved to its own
(`tracer.collect.cache`), readable by its owner alone: whoever is killed loses the page that he was reading.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tracer.collect.cache import WholeFiles
from tracer.collect.interface import DELIVERED

KEPT: Final = timedelta(days=1)
"""How long what was read counts."""

_SECOND: Final = timedelta(seconds=1)
_FOLDER: Final = "lookup"
_TIME: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(r"(\d{8}T\d{6}Z)-(\d{8}T\d{6}Z)-(\d{8}T\d{6}Z)-[0-9a-f]{64}\.gz", re.ASCII)

Event = tuple[datetime, bytes]
"""An event's time, in UTC and whole seconds, and its line."""


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds, from the first to the last, both included."""

    first: datetime
    last: datetime

    def gaps(self, known: Iterable[Span]) -> Iterator[Span]:
        """What the spans that are known leave of this one, the latest first; they come so, and do not overlap."""
        last = self.last
        for span in known:
            if span.last < last:
                yield Span(span.last + _SECOND, last)
            last = span.first - _SECOND
        if self.first <= last:
            yield Span(self.first, last)


@dataclass(frozen=True, slots=True)
class Stretch:
    """All events of a span."""

    span: Span
    events: Sequence[Event]

    def within(self, first: datetime, last: datetime) -> Stretch | None:
        """What lies between two seconds, both included; None where that is not a second."""
        span = Span(max(first, self.span.first), min(last, self.span.last))
        if span.first > span.last:
            return None
        return Stretch(span, [event for event in self.events if span.first <= event[0] <= span.last])


class Stretches:
    """What was read of one account's event history in one region.

    Args:
        folder: the cache.
        account, region: whose, and where.
        now: aware; what is kept counts as asked for now.
    """

    def __init__(self, folder: Path, account: str, region: str, now: datetime) -> None:
        self._files = WholeFiles(folder)
        self._folder = folder / _FOLDER / account / region
        self._now = now.astimezone(UTC)

    def known(self, span: Span) -> Iterator[Stretch]:
        """What is known of `span`, the latest first, without overlap."""
        last = span.last
        for path, held in sorted(self._held(), key=lambda item: (item[1].last, item[1].first), reverse=True):
            if held.last < span.first or last < max(held.first, span.first):
                continue
            found = _read(path, held)
            if found and (part := found.within(span.first, last)):
                yield part
                last = part.span.first - _SECOND

    def keep(self, stretch: Stretch) -> None:
        """Keep what of a stretch is old enough. Raises CollectError where it cannot be written."""
        delivered = (self._now - DELIVERED).replace(microsecond=0)
        if part := stretch.within(stretch.span.first, delivered):
            lines = b"".join(f"{moment:{_TIME}} ".encode() + line for moment, line in part.events)
            body = gzip.compress(lines, mtime=0)
            times = "-".join(f"{moment:{_TIME}}" for moment in (part.span.first, part.span.last, self._now))
            self._files.write(self._folder / f"{times}-{hashlib.sha256(body).hexdigest()}.gz", [body])

    def _held(self) -> Iterator[tuple[Path, Span]]:
        """The files that count, and what their names say; those that count no longer are swept away."""
        paths: list[Path] = []
        with suppress(OSError):  # a folder that is not there holds nothing, and one that cannot be read is of no use
            paths = list(self._folder.iterdir())
        for path in paths:
            named = _named(path.name)
            if named and named[1] <= self._now < named[1] + KEPT:
                yield path, named[0]
            elif named:
                with suppress(OSError):
                    path.unlink()


class Cutter:
    """Cuts the pages of one question, as they come, into stretches.

    Args:
        span: what is asked for.
    """

    def __init__(self, span: Span) -> None:
        self._first = span.first
        self._last = span.last
        self._held: list[Event] = []
        self._in_order = True

    def cut(self, events: Sequence[tuple[datetime | None, bytes]], *, more: bool) -> Stretch | None:
        """The stretch that is known now that this page has come; None where that is none.

        An answer that is not in AWS's order, or tells no times, says nothing about what is complete.

        Args:
            events: the page's: each one's time and line.
            more: whether another page follows.
        """
        timed = [(moment, line) for moment, line in events if moment]
        moments = [self._last, *(moment for moment, _ in timed)]
        self._in_order &= len(timed) == len(events) and moments == sorted(moments, reverse=True)
        self._held += timed
        if not self._in_order or (more and not self._held):
            return None
        first = self._held[-1][0] + _SECOND if more else self._first
        stretch = Stretch(Span(first, self._last), [event for event in self._held if event[0] >= first])
        self._held = [event for event in self._held if event[0] < first]
        self._last = first - _SECOND
        return stretch if stretch.span.first <= stretch.span.last else None


def _named(name: str) -> tuple[Span, datetime] | None:
    """What a file's name says: which seconds it holds, and when they were asked for; None where it is no stretch's."""
    found = _NAME.fullmatch(name)
    with suppress(ValueError):  # digits that are no time
        first, last, asked = map(_moment, found.groups() if found else ())
        return Span(first, last), asked
    return None


def _read(path: Path, span: Span) -> Stretch | None:
    """What a file holds; None where that is not what its name says."""
    try:
        body = path.read_bytes()
        if not path.name.endswith(f"-{hashlib.sha256(body).hexdigest()}.gz"):
            return None
        lines = gzip.decompress(body).splitlines(keepends=True)
    except (OSError, EOFError):
        return None
    parts = [line.partition(b" ") for line in lines]
    return Stretch(span, [(_moment(moment.decode("ascii")), line) for moment, _, line in parts])


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
