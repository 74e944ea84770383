"""`WaitingSource`: a recorded run's records, once CloudTrail has delivered the run.

CloudTrail delivers "within an average of about 5 minutes of an API call. This time is not guaranteed"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html). So who looks right after a
deploy sees a part of it, and a policy of a part is wrong in silence. The run is taken as delivered when

1. the marker is there: in each region the recorder made a call after the run's end, and CloudTrail shows it. Where
   there is no marker, as long as CloudTrail mostly takes has passed; and
2. nothing newer arrives: asked again one poll later, and for as long as the source is `quiet`, it holds no more events
   of the window. For CloudTrail keeps no order: the marker can come before the calls before it.

The event history and a trail's bucket are waited for alike. A run that ended long ago needs no wait. Whoever will not
wait, or has waited long enough, goes on with what is there, and a finding says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Set
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from tracer.collect.interface import USUAL, RecordSource
from tracer.collect.runfile import RunFile
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun

MARKER: Final = "GetCallerIdentity"
"""The marker's eventName."""

POLL: Final = 30.0
"""Seconds from one look to the next."""

TOLD_EVERY: Final = timedelta(minutes=1)
"""How often the waiting is told of."""

_SKEW: Final = timedelta(minutes=5)
"""How far this machine's clock may be off: AWS refuses requests that are signed further off
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html)."""


class Delivery(RecordSource, Protocol):
    """A source that CloudTrail still delivers to."""

    @property
    def what(self) -> str:
        """What is asked, for people."""
        ...

    @property
    def settled(self) -> timedelta:
        """A run that ended so long ago is taken as delivered without a look."""
        ...

    @property
    def quiet(self) -> timedelta:
        """How long no more events may come before a run is taken as delivered."""
        ...

    def expects(self, region: str, after: timedelta) -> bool:
        """Whether calls of a region may still come, so long after they were made; known once it has been asked."""
        ...

    def refresh(self, run: DeployRun) -> int:
        """Look anew; `records` will tell what is there now.

        Returns:
            How many events of the run's window that is. Raises CollectError as `records` does.
        """
        ...

    def request_ids(self, run: DeployRun, event_name: str, since: datetime) -> Set[str]:
        """The requestIDs of the calls of that name since then, in all regions; raises as `records` does."""
        ...


def once_delivered(
    source: Delivery, run: RunFile | None, at_most: timedelta, tell: Callable[[str], None]
) -> RecordSource:
    """The source; for a recorded run that has ended, once the run is delivered to it.

    Args:
        source: where CloudTrail delivers to.
        run: the run's file, or None.
        at_most: how long to wait.
        tell: takes a sentence for the user.
    """
    return source if run is None or run.until is None else WaitingSource(source, run, run.until, at_most, tell)


class WaitingSource:
    """A source, after a wait.

    Args:
        source: where CloudTrail delivers to.
        run: whose markers are waited for.
        ended: when it ended.
        at_most: how long to wait; nothing: one look.
        tell: takes a sentence for the user.
        sleep: waits so many seconds.
        clock: the time now, aware.
    """

    def __init__(
        self,
        source: Delivery,
        run: RunFile,
        ended: datetime,
        at_most: timedelta,
        tell: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._source = source
        self._markers = dict(run.markers)
        self._marked = bool(run.markers)
        self._ended = ended
        self._at_most = at_most
        self._tell = tell
        self._sleep = sleep
        self._clock = clock
        self._waited = False
        self._gap: str | None = None

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """The records that may be the run's. Raises CollectError as the source does."""
        if not self._waited:
            self._gap = self._wait(run)
            self._waited = True
            if self._gap:
                self._tell(self._gap)
        yield from self._source.records(run)

    def findings(self) -> tuple[Finding, ...]:
        """Those of the source, and whether calls of the run may still be on their way."""
        gap = (Finding("COVERAGE_GAP", self._gap),) if self._gap else ()
        return self._source.findings() + gap

    def _wait(self, run: DeployRun) -> str | None:
        """Wait for the run; what is not known to be there when the wait is over, in words."""
        started = now = self._clock()
        slept = timedelta()
        if started >= self._ended + self._source.settled:
            return None
        count: int | None = None
        grew = started
        told: datetime | None = None
        while True:
            arrived = self._has_arrived(run, now)
            before, count = count, self._source.refresh(run) if arrived else None
            if count is None or count != before:
                grew = now
            elif now >= grew + self._source.quiet:
                return None
            lacking = "more calls may be on their way" if arrived else self._lacking()
            now = self._clock()
            left = self._at_most - max(now - started, slept)  # a clock may be set back
            if left <= timedelta():
                after = f"{_minutes(now - self._ended)} after the run's end"
                what = f"{self._source.what} was asked {after}, and {lacking}"
                return f"{what}: calls may be missing. Ask later, or --wait longer"
            if told is None or now >= told + TOLD_EVERY:
                told = now
                self._tell(f"Waiting for CloudTrail, {_minutes(left)} at most: {lacking}")
            pause = min(POLL, left.total_seconds())
            self._sleep(pause)
            slept += timedelta(seconds=pause)
            now = self._clock()

    def _has_arrived(self, run: DeployRun, now: datetime) -> bool:
        """Whether the run's last call is there, as far as one can tell."""
        if not self._marked:
            return now >= self._ended + USUAL
        if self._markers:
            seen = self._source.request_ids(run, MARKER, self._ended - _SKEW)
            after = now - self._ended
            self._markers = {
                region: marker
                for region, marker in self._markers.items()
                if marker not in seen and self._source.expects(region, after)
            }
        return not self._markers

    def _lacking(self) -> str:
        if not self._marked:
            return f"CloudTrail takes up to {_minutes(USUAL)}"
        return f"the run's last call is not there yet ({', '.join(sorted(self._markers))})"


def _minutes(length: timedelta) -> str:
    """A length of time in whole minutes, in words."""
    minutes = round(length.total_seconds() / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
