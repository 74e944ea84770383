"""`WaitingSource`: a recorded run's event history, once CloudTrail has delivered the run.

CloudTrail delivers "within an average of about 5 minutes of an API call. This time is not guaranteed"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html). So who looks right after a
deploy sees a part of it, and a policy of a part is wrong in silence. The run is taken as delivered when

1. the marker is there: in each region the recorder made a call after the run's end, and CloudTrail shows it. Where
   there is no marker, as long as the event history mostly takes has passed; and
2. nothing newer arrives: the window, asked again one poll later, holds no more events. For CloudTrail keeps no order:
   the marker can come before the calls before it.

A run that ended long ago needs no wait. Whoever will not wait, or has waited long enough, goes on with what is there,
and a finding says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from tracer.collect.interface import RecordSource
from tracer.collect.lookup import LookupSource
from tracer.collect.runfile import RunFile
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun, TimeWindow

MARKER: Final = "GetCallerIdentity"
"""The marker's eventName."""

POLL: Final = 30.0
"""Seconds from one look to the next."""

TOLD_EVERY: Final = timedelta(minutes=1)
"""How often the waiting is told of."""

USUAL: Final = timedelta(minutes=15)
"""How long the event history takes at most, mostly. An estimate: AWS states an average alone."""

SETTLED: Final = timedelta(hours=1)
"""A run that ended so long ago is taken as delivered without a look."""

_SKEW: Final = timedelta(minutes=5)
"""How far this machine's clock may be off: AWS refuses requests that are signed further off
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html)."""


def recorded_history(
    run: RunFile | None, regions: Sequence[str], at_most: timedelta, tell: Callable[[str], None]
) -> RecordSource:
    """The event history of `regions`; of a recorded run that has ended, once it is delivered.

    Args:
        run: the run's file, or None.
        regions: where to look; none is the environment's.
        at_most: how long to wait.
        tell: takes a sentence for the user.
    """
    lookup = LookupSource(regions)
    return lookup if run is None or run.until is None else WaitingSource(lookup, run, run.until, at_most, tell)


class WaitingSource:
    """The event history, after a wait.

    Args:
        lookup: the event history.
        run: whose markers are waited for.
        ended: when it ended.
        at_most: how long to wait; nothing: one look.
        tell: takes a sentence for the user.
        sleep: waits so many seconds.
        clock: the time now, aware.
    """

    def __init__(
        self,
        lookup: LookupSource,
        run: RunFile,
        ended: datetime,
        at_most: timedelta,
        tell: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._lookup = lookup
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
        """The records of the run's window. Raises CollectError as the lookup does."""
        if not self._waited:
            self._gap = self._wait(run.window)
            self._waited = True
            if self._gap:
                self._tell(self._gap)
        yield from self._lookup.records(run)

    def findings(self) -> tuple[Finding, ...]:
        """Those of the lookup, and whether calls of the run may still be on their way."""
        gap = (Finding("COVERAGE_GAP", self._gap),) if self._gap else ()
        return self._lookup.findings() + gap

    def _wait(self, window: TimeWindow) -> str | None:
        """Wait for the run; what is not known to be there when the wait is over, in words."""
        started = now = self._clock()
        if started >= self._ended + SETTLED:
            return None
        count: int | None = None
        told: datetime | None = None
        while True:
            arrived = self._has_arrived(now)
            before, count = count, self._lookup.refresh(window) if arrived else None
            if count is not None and count == before:
                return None
            lacking = "more calls may be on their way" if arrived else self._lacking()
            now = self._clock()
            left = started + self._at_most - now
            if left <= timedelta():
                after = f"{_minutes(now - self._ended)} after the run's end"
                return f"CloudTrail was asked {after}, and {lacking}: calls may be missing. Ask later, or --wait longer"
            if told is None or now >= told + TOLD_EVERY:
                told = now
                self._tell(f"Waiting for CloudTrail, {_minutes(left)} at most: {lacking}")
            self._sleep(min(POLL, left.total_seconds()))
            now = self._clock()

    def _has_arrived(self, now: datetime) -> bool:
        """Whether the run's last call is there, as far as one can tell."""
        if not self._marked:
            return now >= self._ended + USUAL
        if self._markers:
            seen = self._lookup.request_ids(MARKER, self._ended - _SKEW)
            looked_at = self._lookup.regions
            self._markers = {
                region: marker for region, marker in self._markers.items() if region in looked_at and marker not in seen
            }
        return not self._markers

    def _lacking(self) -> str:
        if not self._marked:
            return f"the event history takes up to {_minutes(USUAL)}"
        return f"the run's last call is not there yet ({', '.join(sorted(self._markers))})"


def _minutes(length: timedelta) -> str:
    """A length of time in whole minutes, in words."""
    minutes = round(length.total_seconds() / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
